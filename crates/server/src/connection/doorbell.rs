//! Tells what woke a task that waits for several things.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// Stands between a task and one of the things it waits for, with a waker of its own. So it is known whether it was this
/// thing that woke the task: what has nothing need not be asked again before it rings. To ask costs more than most
/// messages.
#[derive(Debug, Default)]
pub(super) struct Doorbell {
    /// What the thing has got to ring, once it was asked.
    button: Option<Button>,
    /// Whether there was something when it was last asked, so that there may be more.
    open: bool,
}

#[derive(Debug)]
struct Button {
    bell: Arc<Bell>,
    waker: Waker,
}

#[derive(Debug)]
struct Bell {
    rung: AtomicBool,
    task: Waker,
}

impl Doorbell {
    /// Asks, unless there is nothing to be had.
    pub(super) fn ask<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Option<T> {
        let button = Button::of(cx.waker(), &mut self.button, &mut self.open);
        if !button.was_pressed() && !self.open {
            return None;
        }
        let poll = poll(&mut Context::from_waker(&button.waker));
        self.open = poll.is_ready();
        match poll {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    /// Lets it be asked the next time in any case: it is another thing by now, or was not waited for.
    pub(super) const fn open(&mut self) {
        self.open = true;
    }
}

impl Button {
    /// The button that wakes this task. If there is only one for another task, which this one may have been a part of,
    /// there is a new one, and nobody has it yet.
    fn of<'a>(task: &Waker, known: &'a mut Option<Self>, open: &mut bool) -> &'a Self {
        if !known.as_ref().is_some_and(|button| button.bell.task.will_wake(task)) {
            *known = None;
            *open = true;
        }
        known.get_or_insert_with(|| {
            let bell = Arc::new(Bell { rung: AtomicBool::new(false), task: task.clone() });
            Self { waker: Waker::from(Arc::clone(&bell)), bell }
        })
    }

    /// Whether it was pressed since this was last asked.
    fn was_pressed(&self) -> bool {
        // Almost always not, and to look is cheaper than to change it.
        self.bell.rung.load(Ordering::Relaxed) && self.bell.rung.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::{Context, Poll, Wake, Waker},
    };

    use super::Doorbell;

    /// A task that counts how often it was woken.
    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A doorbell with what was given a button last.
    #[derive(Default)]
    struct House {
        doorbell: Doorbell,
        given: Option<Waker>,
        asked: usize,
    }

    impl House {
        fn ask(&mut self, task: &Waker, answer: Poll<u8>) -> Option<u8> {
            self.doorbell.ask(&mut Context::from_waker(task), |cx| {
                self.given = Some(cx.waker().clone());
                self.asked += 1;
                answer
            })
        }
    }

    #[test]
    fn what_has_nothing_is_not_asked_before_it_rings() {
        let task = Arc::new(Task::default());
        let waker = Waker::from(Arc::clone(&task));
        let mut house = House::default();
        assert_eq!(house.ask(&waker, Poll::Ready(1)), Some(1));
        assert_eq!(house.ask(&waker, Poll::Pending), None);
        assert_eq!((house.ask(&waker, Poll::Ready(2)), house.asked), (None, 2));
        house.given.take().unwrap().wake();
        assert_eq!(task.0.load(Ordering::Relaxed), 1, "the task is woken");
        assert_eq!((house.ask(&waker, Poll::Ready(2)), house.asked), (Some(2), 3));
    }

    #[test]
    fn a_ring_while_it_is_asked_is_heard_the_next_time() {
        let waker = Waker::noop();
        let mut doorbell = Doorbell::default();
        let mut cx = Context::from_waker(waker);
        let rings = |cx: &mut Context<'_>| {
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        };
        assert_eq!(doorbell.ask(&mut cx, rings), None);
        assert_eq!(doorbell.ask(&mut cx, |_| Poll::Ready(())), Some(()));
    }

    #[test]
    fn another_task_and_another_thing_are_asked_for_themselves() {
        let [one, other] = [(); 2].map(|()| Waker::from(Arc::new(Task::default())));
        let mut house = House::default();
        assert_eq!(house.ask(&one, Poll::Pending), None);
        assert_eq!(house.ask(&other, Poll::Ready(1)), Some(1));
        assert_eq!(house.ask(&other, Poll::Pending), None);
        house.doorbell.open();
        assert_eq!(house.ask(&other, Poll::Ready(2)), Some(2));
    }
}
