import { useMemo, useState } from 'react';
import type { SaidLine } from '../state/lines.js';
import { timeline } from '../state/timeline.js';
import { Announcer } from './announcer.js';
import { Composer } from './composer.js';
import { ConnectionLine } from './connection-line.js';
import { useRoom } from './desk-context.js';
import { useWatched } from './hooks.js';
import { MessageList } from './message-list.js';
import { RoomHead } from './room-head.js';
import { TypingLine } from './typing-line.js';

/** What the composer is about to do. */
export type Intent =
  | { readonly do: 'say' }
  | { readonly do: 'reply'; readonly to: SaidLine }
  | { readonly do: 'edit'; readonly line: SaidLine };

const justSay: Intent = { do: 'say' };

/** An open room. */
export function RoomView() {
  const room = useRoom();
  const state = useWatched(room);
  const [intent, setIntent] = useState(justSay);
  const { lines, earlier, outgoing, hasOlder, openedAtSeq, place, me } = state;
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are what the rows are made of
  const rows = useMemo(() => timeline(state), [lines, earlier, outgoing, hasOlder, openedAtSeq, place?.log]);
  return (
    <section className="room-view" aria-label="Room">
      <RoomHead state={state} />
      <ConnectionLine link={state.link} onReturn={() => room.return()} />
      <MessageList rows={rows} state={state} onIntent={setIntent} />
      <TypingLine typing={state.typing} names={state.names} />
      <Composer intent={intent} names={state.names} lines={lines} me={me} onIntent={setIntent} />
      <Announcer lines={lines} names={state.names} me={me} />
    </section>
  );
}
