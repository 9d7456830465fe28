// A real OpenID Connect provider (npm `oidc-provider`) for the tests, with a hand on what it answers.
//
// It lets everybody in whom `GET /hand?sub=NAME` named last, without a form. `GET /hand?token=KIND` has its next ID tokens
// changed on their way: signed by a key it does not publish, for another client, with another nonce, by nobody,
// without the time of the sign-in, with an old one, or under the name of a key that it never publishes.
// `GET /hand?rotate=NAME` has it sign with a new key of that name; `GET /keys-read` says how often its keys were read.
//   node oidc_provider.mjs PORT CALLBACK HOST
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const tools = `${process.env.SEGUE_TOOLS}/npm/`;
const from = createRequire(pathToFileURL(tools));
const { default: Provider } = await import(pathToFileURL(from.resolve("oidc-provider")));
const jose = await import(pathToFileURL(createRequire(pathToFileURL(from.resolve("oidc-provider"))).resolve("jose")));

const [port, callback, host] = process.argv.slice(2);
const issuer = `http://${host}:${port}`;
const hand = { sub: "nobody", token: "" };
const keyPair = async () => (await jose.generateKeyPair("RS256", { extractable: true })).privateKey;
const stranger = await keyPair();
let own, kid, provider, answer, keysRead = 0;

// Signs with a new key from now on, and publishes no other; sessions and codes stay.
async function rotate(name) {
  own = await keyPair();
  kid = name;
  const jwk = { ...(await jose.exportJWK(own)), kid, alg: "RS256", use: "sig" };
  provider = made(jwk);
  answer = provider.callback();
}

const made = (jwk) => new Provider(issuer, {
  clients: [{ client_id: "segue", client_secret: "a secret: of both", redirect_uris: [callback] }],
  jwks: { keys: [jwk] },
  pkce: { methods: ["S256"], required: () => true },
  cookies: { keys: ["a key of the tests"] },
  features: { devInteractions: { enabled: false } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  loadExistingGrant: async (ctx) => {
    const { client, session } = ctx.oidc;
    const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
});
await rotate("own");

async function changed(token) {
  const claims = jose.decodeJwt(token);
  if (hand.token === "client") claims.aud = "another";
  if (hand.token === "nonce") claims.nonce = "another";
  if (hand.token === "timeless") delete claims.auth_time;
  if (hand.token === "old") claims.auth_time -= 600;
  const header = { alg: "RS256", kid: hand.token === "stray" ? "stray" : kid };
  if (hand.token === "none") return new jose.UnsecuredJWT(claims).encode();
  return new jose.SignJWT(claims).setProtectedHeader(header).sign(hand.token === "key" ? stranger : own);
}

createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  if (url.pathname === "/hand") {
    for (const [name, value] of url.searchParams) {
      if (name === "rotate") await rotate(value);
      hand[name] = value;
    }
    return response.end("done");
  }
  if (url.pathname === "/keys-read") return response.end(String(keysRead));
  if (url.pathname === "/jwks") keysRead += 1;
  if (url.pathname.startsWith("/interaction/")) {
    return provider.interactionFinished(request, response, { login: { accountId: hand.sub } });
  }
  if (url.pathname === "/token" && hand.token) {
    const end = response.end.bind(response);
    response.setHeader = ((set) => (name, value) => {
      if (name.toLowerCase() !== "content-length") set(name, value);
      return response;
    })(response.setHeader.bind(response));
    response.end = (body) => {
      const said = JSON.parse(body);
      if (!said.id_token) return end(body);
      changed(said.id_token).then((id_token) => end(JSON.stringify({ ...said, id_token })));
      return response;
    };
  }
  return answer(request, response);
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
