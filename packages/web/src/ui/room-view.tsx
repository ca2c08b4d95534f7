import { useEffect, useMemo, useState } from 'react';
import { isOver } from '../state/link.js';
import { timeline } from '../state/timeline.js';
import { Announcer } from './announcer.js';
import { Composer } from './composer.js';
import { ConnectionLine } from './connection-line.js';
import { useDesk, useRoom } from './desk-context.js';
import { useWatched } from './hooks.js';
import { justSay } from './intent.js';
import { MessageList } from './message-list.js';
import { RoomHead } from './room-head.js';
import { TypingLine } from './typing-line.js';

/** An open room. */
export function RoomView() {
  const room = useRoom();
  const { rooms } = useDesk();
  const state = useWatched(room);
  const [intent, setIntent] = useState(justSay);
  const { lines, earlier, outgoing, hasOlder, openedAtSeq, place, me } = state;
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are what the rows are made of
  const rows = useMemo(() => timeline(state), [lines, earlier, outgoing, hasOlder, openedAtSeq, place?.log]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list says who is inside, so it is looked at again
  useEffect(() => rooms.soon(), [rooms, state.here]);
  const isLive = state.link.state === 'live';
  useEffect(() => {
    if (isLive) rooms.look();
  }, [rooms, isLive]);
  return (
    <section className="room-view" aria-label="Room">
      <RoomHead state={state} />
      <ConnectionLine link={state.link} onReturn={() => room.return()} />
      <MessageList rows={rows} state={state} onIntent={setIntent} />
      <TypingLine typing={state.typing} names={state.names} />
      <Composer
        intent={intent}
        names={state.names}
        lines={lines}
        me={me}
        over={isOver(state.link)}
        onIntent={setIntent}
      />
      <Announcer lines={lines} names={state.names} me={me} />
    </section>
  );
}
