import { useMemo, useRef } from 'react';
import type { Peer } from '../state/chats.js';
import type { ConversationState } from '../state/conversation-state.js';
import { type Row, timeline, withSameRows } from '../state/timeline.js';
import { Announcer } from './announcer.js';
import { BlockedLine } from './blocked-line.js';
import { Composer } from './composer.js';
import { MessageList } from './message-list.js';
import { RefusedChanges } from './refused-changes.js';
import { TypingLine } from './typing-line.js';
import { useIntent } from './use-intent.js';

interface ConversationPanelProps {
  readonly state: ConversationState;
  /** The other user of a direct chat, if this user has blocked them. */
  readonly blocked?: Peer | undefined;
}

/** The messages of a room or chat, and the field for a new one. */
export function ConversationPanel({ state, blocked }: ConversationPanelProps) {
  const { intent, onIntent } = useIntent(state);
  const rows = useRows(state);
  return (
    <>
      <MessageList rows={rows} state={state} mayReply={blocked === undefined} onIntent={onIntent} />
      <TypingLine typing={state.typing} names={state.names} />
      <RefusedChanges state={state} />
      {blocked !== undefined && (intent.do === 'say' || intent.do === 'reply') ? (
        <BlockedLine peer={blocked} />
      ) : (
        <Composer intent={intent} state={state} onIntent={onIntent} />
      )}
      <Announcer lines={state.lines} names={state.names} me={state.me} />
    </>
  );
}

/** Returns the rows of the list. A row that has not changed stays the same object. */
function useRows(state: ConversationState): readonly Row[] {
  const before = useRef<readonly Row[]>([]);
  const { channel, lines, earlier, outgoing, hasOlder, openedAtSeq, place } = state;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rows depend on these only
  const rows = useMemo(
    () => withSameRows(timeline(state), before.current),
    [lines, earlier, outgoing, hasOlder, openedAtSeq, place?.log, channel],
  );
  before.current = rows;
  return rows;
}
