import { useEffect, useMemo } from 'react';
import type { ConversationState } from '../state/conversation.js';
import { timeline } from '../state/timeline.js';
import { Announcer } from './announcer.js';
import { Composer } from './composer.js';
import { ConnectionLine } from './connection-line.js';
import { useDesk, useRoom } from './desk-context.js';
import { useWatched } from './hooks.js';
import { MessageList } from './message-list.js';
import { NoSuchRoom } from './no-such-room.js';
import { RefusedChanges } from './refused-changes.js';
import { RoomHead } from './room-head.js';
import { TypingLine } from './typing-line.js';
import { useIntent } from './use-intent.js';

/** An open room. */
export function RoomView() {
  const room = useRoom();
  const { rooms } = useDesk();
  const state = useWatched(room);
  const { intent, onWish } = useIntent(state);
  const { channel, lines, earlier, outgoing, hasOlder, openedAtSeq, place, me } = state;
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are what the rows are made of
  const rows = useMemo(() => timeline(state), [lines, earlier, outgoing, hasOlder, openedAtSeq, place?.log, channel]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list says who is inside, so it is looked at again
  useEffect(() => rooms.soon(), [rooms, state.here]);
  const isLive = state.link.state === 'live';
  useEffect(() => {
    if (isLive) rooms.look();
  }, [rooms, isLive]);
  if (isNowhere(state)) return <NoSuchRoom />;
  return (
    <section className="room-view" aria-label="Room">
      <RoomHead state={state} />
      <ConnectionLine link={state.link} onReturn={() => room.return()} />
      <MessageList rows={rows} state={state} onWish={onWish} />
      <TypingLine typing={state.typing} names={state.names} />
      <RefusedChanges state={state} />
      <Composer intent={intent} state={state} onWish={onWish} />
      <Announcer lines={lines} names={state.names} me={me} />
    </section>
  );
}

/** Nobody has ever heard of it here, nor on the server. */
function isNowhere({ link, lines, earlier, place }: ConversationState): boolean {
  const isUnknown = link.state === 'ended' && ['channel-not-found', 'invalid-channel-id'].includes(link.reason);
  return isUnknown && place === undefined && lines.length + earlier.length === 0;
}
