import { useEffect, useMemo } from 'react';
import type { ConversationState } from '../state/conversation.js';
import { timeline } from '../state/timeline.js';
import { Announcer } from './announcer.js';
import { Composer } from './composer.js';
import { ConnectionLine } from './connection-line.js';
import { useWatched } from './hooks.js';
import { MessageList } from './message-list.js';
import { NoSuchRoom } from './no-such-room.js';
import { RefusedChanges } from './refused-changes.js';
import { RoomHead } from './room-head.js';
import { TypingLine } from './typing-line.js';
import { useIntent } from './use-intent.js';
import { useRoom, useWorkspace } from './workspace-context.js';

/** The open room. */
export function RoomView() {
  const room = useRoom();
  const { rooms } = useWorkspace();
  const state = useWatched(room);
  const { intent, onIntent } = useIntent(state);
  const { channel, lines, earlier, outgoing, hasOlder, openedAtSeq, place, me } = state;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rows depend on these only
  const rows = useMemo(() => timeline(state), [lines, earlier, outgoing, hasOlder, openedAtSeq, place?.log, channel]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list shows who is inside, so it is polled again
  useEffect(() => rooms.pollSoon(), [rooms, state.here]);
  const link = state.link.state;
  useEffect(() => {
    if (link === 'live') rooms.poll();
    else rooms.pollSoon(); // Without a connection, only the list knows the users inside.
  }, [rooms, link]);
  if (isUnknownRoom(state)) return <NoSuchRoom />;
  return (
    <section className="room-view" aria-label="Room">
      <RoomHead state={state} />
      <ConnectionLine link={state.link} onRejoin={() => room.rejoin()} />
      <MessageList rows={rows} state={state} onIntent={onIntent} />
      <TypingLine typing={state.typing} names={state.names} />
      <RefusedChanges state={state} />
      <Composer intent={intent} state={state} onIntent={onIntent} />
      <Announcer lines={lines} names={state.names} me={me} />
    </section>
  );
}

/** Returns whether the server does not know the room and this page has stored nothing of it. */
function isUnknownRoom({ link, lines, earlier, place }: ConversationState): boolean {
  const isUnknown = link.state === 'ended' && ['channel-not-found', 'invalid-channel-id'].includes(link.reason);
  return isUnknown && place === undefined && lines.length + earlier.length === 0;
}
