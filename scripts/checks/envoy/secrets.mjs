/** One whole session by page, bridge and native gRPC with everything logged, and where its secrets are found afterwards. */
import { LoginRequest, LoginResponse, Message, RegisterRequest } from '@parley/contract';
import { Chatter, WebStream, webCall } from '@parley/testkit';
import { chromiumPath, launch, Visitor } from '@parley/web/testing';
import { nothing } from './stage.mjs';

const password = 'correct horse'; // that of Visitor, too

const encode = (type, fields) => type.encode(type.fromPartial(fields)).finish();

/** Through Envoy or the bridge; gives its tokens. */
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

/** A join token where tokens do not belong. */
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

/** What a browser keeps and asks for, of somebody who signed up and talked. */
async function browse(url, userId) {
  const browser = await launch();
  const context = await browser.newContext();
  const asked = [];
  context.on('request', (request) => asked.push(request.url()));
  const visitor = await Visitor.come(context, url);
  await visitor.signUp(userId, userId);
  await visitor.make(`page of ${userId}`);
  await visitor.say('hush');
  await visitor.page.getByTitle('Sent').waitFor();
  await visitor.page.reload();
  await visitor.message('hush').waitFor();
  const kept = await visitor.page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
  );
  await browser.close();
  return { asked, kept };
}

function judgeBrowser({ asked, kept }, name, { judge }) {
  const withToken = asked.filter((url) => /eyJ|token|\?/.test(url));
  judge(`${name}: of ${asked.length} URLs of the page, with a query or a token`, withToken.length, 0);
  judge(`${name}: local storage, session storage and cookies ${kept}, too much`, kept === '[{},{},""]' ? 0 : 1, 0);
}

export async function secrets(stage, print) {
  const { trio, url, gateway } = stage;
  const tokens = [...(await session(stage, url, 'by-envoy')), ...(await session(stage, gateway.http, 'by-bridge'))];
  const bob = await trio.people.make('by-grpc');
  const { id } = await trio.create(bob, 'by grpc');
  const seat = await trio.listen(bob, id);
  const native = new Chatter(seat, { events: true, address: stage.address });
  await native.find(({ welcome }) => welcome !== undefined);
  await native.leave();
  const { statuses, token } = await inQuery(stage);
  print.say(`a token in a query: Subscribe and page, by Envoy and by the bridge: ${statuses}`);
  print.judge(
    'Subscribes that such a token opened',
    statuses.filter((http, n) => n % 2 === 0 && http !== 401).length,
    0,
  );
  tokens.push(bob.token, seat.token, token);
  if (chromiumPath === undefined) print.say('skipped: Chromium, which is not on the PATH');
  else
    for (const [name, base] of [
      ['Envoy', url],
      ['bridge', gateway.http],
    ])
      judgeBrowser(await browse(base, `page-${name}`), name, print);
  const logs = { Envoy: await stage.envoyLog(), gateway: gateway.output, 'user-service': stage.users.output };
  for (const [n, { output }] of [...trio.managers, ...stage.chatServers].entries()) logs[`server ${n}`] = output;
  const silent = ['Envoy', 'gateway'].filter((name) => !logs[name].includes('chat.v1.ChatService/Send'));
  print.judge('logs that do not tell of the calls at all', silent.length, 0);
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
