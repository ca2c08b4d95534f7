import type { HttpHandler } from '../../http/handler.js';
import { type PackedFile, packFile, sendFile } from '../../http/packed-file.js';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Simple Chat</title>
    <link rel="stylesheet" href="/simple/simple.css">
    <script type="module" src="/simple/simple.js"></script>
  </head>
  <body>
    <h1>Simple Chat</h1>
    <form id="login">
      <label>Your name <input id="name" maxlength="32" autocomplete="nickname" required></label>
      <button>Login</button>
      <button id="logout" type="button" disabled>Logout</button>
    </form>
    <p id="state" role="status"></p>
    <main>
      <fieldset id="rooms" disabled>
        <legend>Rooms</legend>
        <label for="list">Rooms of this server</label>
        <select id="list" size="12"></select>
        <button id="join" type="button">Join room</button>
        <button id="create" type="button">Create room</button>
        <label>Name of a new room <input id="room" maxlength="64"></label>
      </fieldset>
      <fieldset id="talk" disabled>
        <legend>Chat</legend>
        <ol id="log" aria-live="polite" tabindex="0"></ol>
        <form id="say">
          <label>Message <input id="text" autocomplete="off" required></label>
          <button>Send</button>
        </form>
      </fieldset>
    </main>
  </body>
</html>
`;

const css = `body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; color-scheme: light dark; }
main { display: grid; gap: 1rem; grid-template-columns: minmax(12rem, 1fr) 3fr; }
fieldset { display: flex; flex-direction: column; gap: 0.5rem; min-width: 0; }
#log { flex: 1; height: 20rem; margin: 0; overflow-y: auto; overflow-wrap: anywhere; padding-left: 1.5rem; }
#say { display: flex; gap: 0.5rem; }
#say label { display: flex; flex: 1; gap: 0.5rem; }
#text { flex: 1; }
input, button, select { font: inherit; }
@media (width < 40rem) { main { grid-template-columns: 1fr; } }
`;

/** The script of the page. Texts of others become text, never HTML. */
const script = `const part = (id) => document.getElementById(id);
const path = (...segments) => '/' + segments.map(encodeURIComponent).join('/');
let socket;
let user = '';
let room = '';
const joined = new Set();

function say(words) {
  part('state').textContent = words;
}

function enable(isOn) {
  for (const id of ['rooms', 'talk']) part(id).disabled = !isOn;
  part('logout').disabled = !isOn;
  for (const one of part('login').elements) if (one.id !== 'logout') one.disabled = isOn;
}

function show({ user: sender, value, isNotification }) {
  const line = document.createElement('li');
  line.textContent = isNotification ? sender + ' has created this room' : sender + ': ' + value;
  part('log').append(line);
  line.scrollIntoView({ block: 'end' });
}

async function call(method, ...segments) {
  const response = await fetch(path(...segments), { method });
  const text = await response.text();
  if (!response.ok) throw new Error(text.trim());
  return text === '' ? undefined : JSON.parse(text);
}

async function listRooms() {
  const rooms = await call('GET', 'rooms', user);
  joined.clear();
  const options = rooms.map(({ Room: { Name }, UserIsParticipant }) => {
    if (UserIsParticipant) joined.add(Name);
    return new Option(Name + (UserIsParticipant ? ' (joined)' : ''), Name, false, Name === room);
  });
  part('list').replaceChildren(...options);
}

async function openRoom(name) {
  room = name;
  part('log').replaceChildren();
  if (!joined.has(room)) return say('Join ' + room + ' to read and write in it.');
  say('You are in ' + room + '.');
  for (const message of await call('GET', 'room', room, 'messages')) if (room === name) show(message);
}

function receive(message) {
  if (message.isNotification && message.value.startsWith('error: ')) say(message.value);
  else if (message.isNotification) run(listRooms);
  else if (message.room === room) show(message);
}

function run(work) {
  Promise.resolve().then(work).catch((error) => say('error: ' + error.message));
}

part('login').addEventListener('submit', (event) => {
  event.preventDefault();
  if (socket !== undefined && socket.readyState <= WebSocket.OPEN) return;
  user = part('name').value.toLowerCase();
  const { protocol, host } = location;
  socket = new WebSocket((protocol === 'https:' ? 'wss://' : 'ws://') + host + path('ws', user));
  let isOpen = false;
  socket.addEventListener('open', () => {
    isOpen = true;
    enable(true);
    say('You are ' + user + '. Choose a room.');
    run(listRooms);
  });
  socket.addEventListener('message', ({ data }) => receive(JSON.parse(data)));
  socket.addEventListener('close', () => {
    enable(false);
    room = '';
    part('log').replaceChildren();
    part('list').replaceChildren();
    say(isOpen ? 'You are logged out.' : 'You were not let in: the name is in use, or this server has no guests.');
  });
});
part('logout').addEventListener('click', () => socket.close(1000, 'user logout'));
part('list').addEventListener('change', ({ target }) => run(() => openRoom(target.value)));
part('join').addEventListener('click', () =>
  run(async () => {
    const name = part('list').value;
    if (name === '') return say('Choose a room first.');
    await call('POST', 'join-room', name, user);
    await listRooms();
    await openRoom(name);
  }),
);
part('create').addEventListener('click', () =>
  run(async () => {
    const name = part('room').value.toLowerCase();
    if (name.trim() === '') return say('Write the name of the new room first.');
    await call('POST', 'create-room', name, user);
    part('room').value = '';
    room = name;
    await listRooms();
    await openRoom(name);
  }),
);
part('say').addEventListener('submit', (event) => {
  event.preventDefault();
  if (!joined.has(room)) return say('Join a room first.');
  socket.send(JSON.stringify({ user, room, isNotification: false, value: part('text').value }));
  part('text').value = '';
});
`;

/** Returns the handler of the simple page of document 003, at `/simple`. */
export async function simplePage(): Promise<HttpHandler> {
  const file = (name: string, text: string) => packFile(name, Buffer.from(text), policy);
  const files = new Map<string, PackedFile>([
    ['/simple', await file('index.html', html)],
    ['/simple/simple.css', await file('simple.css', css)],
    ['/simple/simple.js', await file('simple.js', script)],
  ]);
  return (visit) => {
    const found = files.get(visit.path);
    if (found === undefined || (visit.request.method !== 'GET' && visit.request.method !== 'HEAD')) return false;
    sendFile(found, visit);
    return true;
  };
}
