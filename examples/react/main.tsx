import { createClient, type ParleyClient } from '@parley/client';
import { webTransport } from '@parley/client/web';
import { type FormEvent, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { useConversation } from './use-conversation';

const client = createClient({ transport: webTransport() });

function fieldsOf(event: FormEvent<HTMLFormElement>): Record<string, string> {
  event.preventDefault();
  return Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
}

/** Logs in, and finds the room or creates it. */
async function enter({ user = '', password = '', room = '' }: Record<string, string>): Promise<number> {
  await client.login(user, password);
  const { channels } = await client.listChannels({ name: room });
  const [found] = channels;
  return found?.id ?? (await client.create({ name: room, limit: 10, retention: { seconds: 7 * 86_400 } })).id;
}

function Entrance({ onEnter }: { onEnter: (channelId: number) => void }) {
  const [error, setError] = useState('');
  return (
    <form onSubmit={(event) => enter(fieldsOf(event)).then(onEnter, ({ message }: Error) => setError(message))}>
      <input name="user" aria-label="User ID" required />
      <input name="password" aria-label="Password" type="password" required />
      <input name="room" aria-label="Room" required />
      <button type="submit">Enter</button>
      <p role="alert">{error}</p>
    </form>
  );
}

function Room({ client, channelId }: { client: ParleyClient; channelId: number }) {
  const { lines, status, conversation } = useConversation(client, channelId);
  const [error, setError] = useState('');
  const send = (event: FormEvent<HTMLFormElement>) => {
    const { text = '' } = fieldsOf(event);
    event.currentTarget.reset();
    conversation?.send(text).then(
      () => setError(''),
      ({ message }: Error) => setError(message),
    );
  };
  return (
    <main>
      <p role="status">{status}</p>
      <ul>
        {lines.map(({ seq, sender, text }) => (
          <li key={seq}>
            <b>{sender}</b> {text}
          </li>
        ))}
      </ul>
      <form onSubmit={send}>
        <input name="text" aria-label="Message" autoComplete="off" required />
        <button type="submit">Send</button>
      </form>
      <p role="alert">{error}</p>
    </main>
  );
}

function App() {
  const [channelId, setChannelId] = useState<number>();
  return channelId === undefined ? <Entrance onEnter={setChannelId} /> : <Room client={client} channelId={channelId} />;
}

createRoot(document.getElementById('app') as HTMLElement).render(<App />);
