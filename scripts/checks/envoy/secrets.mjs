/**
 * Runs a complete session through the page, the bridge and native gRPC with full logging. Then
 * searches the logs for the secrets of the session.
 */
import { LoginRequest, LoginResponse, Message, RegisterRequest } from '@parley/contract';
import { Chatter, WebStream, webCall } from '@parley/testkit';
import { chromiumPath, launch, Visitor } from '@parley/web/testing';
import { nothing } from './system.mjs';

const password = 'correct horse'; // This is also the password of Visitor.

const encode = (type, fields) => type.encode(type.fromPartial(fields)).finish();

/** Runs a session through Envoy or the bridge. Returns its tokens. */
async function session({ trio }, url, userId) {
  const call = (path, body, token) => webCall(`${url}/chat.v1.${path}`, body, { token, text: true });
  await call('UserService/Register', encode(RegisterRequest, { userId, password, name: userId }));
  const login = await call('UserService/Login', encode(LoginRequest, { userId, password }));
  const { token } = LoginResponse.decode(login.messages[0]);
  const person = { token };
  const { id } = await trio.create(person, `room of ${userId}`);
  const seat = await trio.listen(person, id);
  const page = new WebStream(`${url}/chat.v1.ChatService/Subscribe`, nothing, { token: seat.token, text: true });
  await page.find(({ welcome }) => welcome !== undefined);
  await call('ChatService/Send', encode(Message, { data: Buffer.from('hush') }), seat.token);
  await page.find(({ seq }) => seq === 1);
  await call('ChatService/Send', encode(Message, { data: Buffer.from('x') }), `${seat.token}x`);
  page.cancel();
  return [token, seat.token];
}

/** Puts a join token into a query string, where it does not belong. */
async function inQuery({ trio, gateway, url }) {
  const person = await trio.people.make('careless');
  const { id } = await trio.create(person, 'careless');
  const { token } = await trio.listen(person, id);
  const statuses = [];
  for (const base of [url, gateway.http]) {
    statuses.push((await webCall(`${base}/chat.v1.ChatService/Subscribe?access_token=${token}`, nothing)).http);
    statuses.push((await fetch(`${base}/?token=${token}`)).status);
  }
  return { statuses, token };
}

/** Signs up and chats in a browser. Returns its storage and its requests. */
async function browse(url, userId) {
  const browser = await launch();
  const context = await browser.newContext();
  const requested = [];
  context.on('request', (request) => requested.push(request.url()));
  const visitor = await Visitor.come(context, url);
  await visitor.signUp(userId, userId);
  await visitor.make(`page of ${userId}`);
  await visitor.say('hush');
  await visitor.page.getByTitle('Sent').waitFor();
  await visitor.page.reload();
  await visitor.message('hush').waitFor();
  const stored = await visitor.page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
  );
  await browser.close();
  return { requested, stored };
}

function judgeBrowser({ requested, stored }, name, { judge }) {
  const withToken = requested.filter((url) => /eyJ|token|\?/.test(url));
  judge(`${name}: of ${requested.length} URLs of the page, with a query or a token`, withToken.length, 0);
  judge(`${name}: unexpected local storage, session storage or cookies ${stored}`, stored === '[{},{},""]' ? 0 : 1, 0);
}

export async function secrets(system, print) {
  const { trio, url, gateway } = system;
  const tokens = [...(await session(system, url, 'by-envoy')), ...(await session(system, gateway.http, 'by-bridge'))];
  const bob = await trio.people.make('by-grpc');
  const { id } = await trio.create(bob, 'by grpc');
  const seat = await trio.listen(bob, id);
  const native = new Chatter(seat, { events: true, address: system.address });
  await native.find(({ welcome }) => welcome !== undefined);
  await native.leave();
  const { statuses, token } = await inQuery(system);
  print.log(`status with a token in the query, of Subscribe and the page, by Envoy and the bridge: ${statuses}`);
  print.judge(
    'Subscribes that such a token opened',
    statuses.filter((http, n) => n % 2 === 0 && http !== 401).length,
    0,
  );
  tokens.push(bob.token, seat.token, token);
  if (chromiumPath === undefined) print.log('skipped: no Chromium on the PATH');
  else
    for (const [name, base] of [
      ['Envoy', url],
      ['bridge', gateway.http],
    ])
      judgeBrowser(await browse(base, `page-${name}`), name, print);
  const logs = { Envoy: await system.envoyLog(), gateway: gateway.output, 'user-service': system.users.output };
  for (const [n, { output }] of [...trio.managers, ...system.chatServers].entries()) logs[`server ${n}`] = output;
  const silent = ['Envoy', 'gateway'].filter((name) => !logs[name].includes('chat.v1.ChatService/Send'));
  print.judge('logs without the calls', silent.length, 0);
  for (const [name, log] of Object.entries(logs)) {
    const found = [...tokens.flatMap((one) => one.split('.')), 'eyJ', password, 'access_token='].filter((one) =>
      log.includes(one),
    );
    print.judge(
      `secrets in ${log.split('\n').length} lines of ${name}${found.length > 0 ? `: ${found}` : ''}`,
      found.length,
      0,
    );
  }
}
