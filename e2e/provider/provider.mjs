// An OpenID Connect provider on the loopback, for end-to-end tests: whoever types a name is signed in under it.
//
// node provider.mjs MODULES PORT ID: MODULES is the folder of node_modules; PORT may be 0. The client `pronto` with the secret
// `pronto-secret` may be sent back to /auth/callback/ID, and to the same below /call, on any port of the loopback (RFC 8252 section 7.3).

import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, port, id] = process.argv.slice(2);
const library = join(modules, "node_modules", "oidc-provider", "lib", "index.js");
const { default: Provider } = await import(pathToFileURL(library));

const server = createServer();
await new Promise((listening) => { server.listen(Number(port), "127.0.0.1", listening); });
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: "pronto",
    client_secret: "pronto-secret",
    application_type: "native",
    redirect_uris: ["", "/call"].map((path) => `http://127.0.0.1${path}/auth/callback/${id}`),
  }],
  // Cookies know no ports: several providers, and the server under test, share a host.
  cookies: {
    keys: [id],
    names: { session: `${id}_session`, interaction: `${id}_interaction`, resume: `${id}_resume` },
  },
  claims: { openid: ["sub"], profile: ["name", "preferred_username"], email: ["email"] },
  conformIdTokenClaims: false,
  findAccount: (_, login) => ({
    accountId: login,
    claims: () => ({
      sub: login, name: login, preferred_username: login, email: `${login}@example.org`,
    }),
  }),
});
server.on("request", provider.callback());
console.log(`provider at ${issuer}`);
