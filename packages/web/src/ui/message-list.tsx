import { useVirtualizer } from '@tanstack/react-virtual';
import {
  type KeyboardEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useEffectEvent,
  useLayoutEffect,
  useMemo,
  useRef,
} from 'react';
import type { OpenConversation } from '../live/open-conversation.js';
import { type AllowedActions, allowedActions } from '../state/allowed-actions.js';
import { type ConversationState, lastSeq } from '../state/conversation-state.js';
import { saidAt } from '../state/lines.js';
import { isRoom } from '../state/rooms.js';
import type { Row } from '../state/timeline.js';
import { words } from '../words/words.js';
import { useSteady } from './hooks.js';
import { Icon } from './icon.js';
import type { IntentRequest } from './intent.js';
import { MessageRow } from './message-row.js';
import { PlainRow } from './plain-row.js';
import { type Jump, type Scroller, useJump } from './use-jump.js';
import { useLinkedMessage } from './use-linked-message.js';
import { type RowAnchor, useReadingPlace } from './use-reading-place.js';
import { useOpenConversation } from './workspace-context.js';

interface MessageListProps {
  readonly rows: readonly Row[];
  readonly state: ConversationState;
  /** Whether the user may write new messages, and so replies. */
  readonly mayReply: boolean;
  readonly onIntent: (request: IntentRequest) => void;
}

const sizes: Readonly<Record<Row['type'], number>> = { start: 48, day: 48, unread: 32, anew: 48, note: 32, said: 56 };

function useScroller(rows: readonly Row[], place: React.RefObject<HTMLDivElement | null>): Scroller {
  return useVirtualizer({
    count: rows.length,
    getScrollElement: () => place.current,
    getItemKey: (index) => rows[index]?.key ?? index,
    estimateSize: (index) => sizes[rows[index]?.type ?? 'said'],
    overscan: 8,
    anchorTo: 'end',
  });
}

/** Moves the focus between messages with the arrow keys. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const steps: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 };
  const step = steps[event.key];
  const { target } = event;
  if (step === undefined || !(target instanceof HTMLElement) || !target.matches('.message')) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('.message')];
  all[all.indexOf(target) + step]?.focus();
  event.preventDefault();
}

/** Notes what the user used last in the list, for its style: the keyboard or a pointer. */
function noteUse(list: HTMLElement, what: 'keys' | 'pointer'): void {
  list.dataset.lastUsed = what;
}

/** The list of messages. Only visible rows are rendered. */
export function MessageList({ rows, state, mayReply, onIntent }: MessageListProps) {
  const conversation = useOpenConversation();
  const place = useRef<HTMLDivElement>(null);
  const scroller = useScroller(rows, place);
  const end = useKeptPlace(rows, scroller, place);
  useScrollToOwn(rows, end.go);
  useMarkRead(state, place, end.isNear);
  const jump = useJump({ rows, state, place, scroller, onLeaveEnd: end.leave });
  const linked = useLinkedMessage(state, jump);
  const seesStart = scroller.getVirtualItems()[0]?.index === 0;
  useEffect(() => {
    // The rows may be those of a place that the list has left: a chat opens at its end.
    const { scrollTop = 0, clientHeight = 0 } = place.current ?? {};
    if (seesStart && state.hasOlder && scrollTop <= clientHeight) conversation.older();
  });
  const onKey = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement) return;
    if (event.key === 'End') end.go();
    if (event.key !== 'Home') return;
    end.leave();
    scroller.scrollToIndex(0);
    event.preventDefault();
  };
  return (
    <div className="messages-place">
      <LinkedNotice {...linked} />
      <section
        ref={place}
        className="messages"
        aria-label={words().conversation.messages}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keys must be able to scroll the list
        tabIndex={0}
        onClickCapture={({ target }) => target instanceof Element && target.closest('.show-all') !== null && end.hold()}
        onKeyDown={onKey}
        onKeyDownCapture={({ currentTarget }) => noteUse(currentTarget, 'keys')}
        onPointerMove={({ currentTarget, movementX, movementY }) =>
          (movementX !== 0 || movementY !== 0) && noteUse(currentTarget, 'pointer')
        }
      >
        <VisibleRows
          scroller={scroller}
          rows={rows}
          state={state}
          jump={jump}
          linkedSeq={linked.seq}
          mayReply={mayReply}
          onIntent={onIntent}
        />
      </section>
      {!end.isNear && (
        <ToEnd
          unread={lastSeq(state) > state.readSeq}
          onPress={end.go}
          onWheel={(by) => place.current?.scrollBy(0, by)}
        />
      )}
    </div>
  );
}

/** The place where the user was reading, for each conversation in memory. */
const places = new WeakMap<OpenConversation, RowAnchor>();

/** Keeps the place where the user reads, even while another conversation is on screen. */
function useKeptPlace(rows: readonly Row[], scroller: Scroller, place: React.RefObject<HTMLDivElement | null>) {
  const conversation = useOpenConversation();
  const now = useRef(rows);
  now.current = rows;
  const startOf = useCallback(
    (key: string) => {
      const index = now.current.findIndex((row) => row.key === key);
      return scroller.measurementsCache[index]?.start;
    },
    [scroller],
  );
  const end = useReadingPlace(place, { initial: places.get(conversation), startOf });
  const { current } = end;
  const leave = useEffectEvent(() => {
    const anchor = current();
    if (anchor === undefined) places.delete(conversation);
    else places.set(conversation, anchor);
  });
  useLayoutEffect(() => () => leave(), []);
  return end;
}

interface VisibleRowsProps extends MessageListProps {
  readonly scroller: Scroller;
  readonly jump: Jump;
  readonly linkedSeq: number | undefined;
}

/** The visible rows, each at its position. A row that has not changed is not rendered again. */
function VisibleRows({ scroller, rows, ...rest }: VisibleRowsProps) {
  const visible = scroller.getVirtualItems();
  const lastMessage = visible.findLast(({ index }) => rows[index]?.type === 'said')?.index; // A note may follow it.
  const elementOf = useRowElements(rest);
  return (
    <ol style={{ height: scroller.getTotalSize() }} onKeyDown={moveFocus}>
      {visible.map(({ key, index, start }) => (
        <li
          key={key}
          ref={scroller.measureElement}
          data-index={index}
          data-key={key}
          aria-setsize={rows.length}
          aria-posinset={index + 1}
          style={{ top: start }}
        >
          {elementOf(rows[index], index === lastMessage)}
        </li>
      ))}
    </ol>
  );
}

/** Returns what the user may do, the same object until it changes. */
function useAllowed(state: ConversationState): AllowedActions {
  const { say, change, moderate } = allowedActions(state);
  return useMemo(() => ({ say, change, moderate }), [say, change, moderate]);
}

const noReceipts: ConversationState['receipts'] = {};

/** Returns a function that makes the element of a row. Its properties change only with what the row shows. */
function useRowElements({ state, jump, linkedSeq, mayReply, onIntent }: Omit<VisibleRowsProps, 'rows' | 'scroller'>) {
  const { lines, names, me, receipts } = state;
  const allowed = useAllowed(state);
  const shared = { names, onJump: useSteady((seq: number) => jump(seq)?.()) };
  const ofMessages = { ...shared, me, allowed, mayReply, onIntent: useSteady(onIntent) };
  const hasReceipts = Object.keys(receipts).length > 0;
  const mayJump = (seq: number | undefined) => seq !== undefined && jump(seq) !== undefined;
  return (row: Row | undefined, isLast: boolean): ReactNode => {
    if (row === undefined) return null;
    if (row.type !== 'said') {
      const target = row.type === 'note' && 'target' in row.line ? row.line.target : undefined;
      return <PlainRow {...shared} row={row} mayJump={mayJump(target)} noun={nounOf(state.channel)} />;
    }
    const { replyTo, seq } = row.line;
    return (
      <MessageRow
        {...{ ...ofMessages, row, isLast, hasReceipts }}
        receipts={row.delivery === 'sent' ? receipts : noReceipts}
        answered={replyTo === undefined || row.past ? undefined : saidAt(lines, replyTo)}
        mayJump={mayJump(replyTo)}
        isLinked={seq === linkedSeq && !row.past}
      />
    );
  };
}

/** Scrolls to the end when the user sends a message. */
function useScrollToOwn(rows: readonly Row[], goToEnd: () => void): void {
  const last = rows.at(-1);
  const awaited = last?.type === 'said' && last.outgoing !== undefined ? last.key : undefined;
  useLayoutEffect(() => {
    if (awaited !== undefined) goToEnd();
  }, [goToEnd, awaited]);
}

/** Marks messages as read while the end of the list is visible. */
function useMarkRead(state: ConversationState, place: React.RefObject<HTMLElement | null>, isAtEnd: boolean): void {
  const conversation = useOpenConversation();
  const last = lastSeq(state);
  const { isStale } = state;
  // biome-ignore lint/correctness/useExhaustiveDependencies: lines that have become current can be read
  useEffect(() => {
    const markRead = () => {
      if (!isAtEnd) return;
      conversation.atEnd();
      if (!document.hidden && place.current?.checkVisibility()) conversation.read();
    };
    markRead();
    document.addEventListener('visibilitychange', markRead);
    return () => document.removeEventListener('visibilitychange', markRead);
  }, [conversation, place, isAtEnd, last, isStale]);
}

/** Returns the word for a channel in a sentence. */
function nounOf(channel: ConversationState['channel']): 'room' | 'chat' {
  return channel === undefined || isRoom(channel) ? 'room' : 'chat';
}

type LinkedNoticeProps = Omit<ReturnType<typeof useLinkedMessage>, 'seq'>;

/** A notice that the message of a link is being loaded, or cannot be shown. */
function LinkedNotice({ why, isLoading, close }: LinkedNoticeProps) {
  if (why === undefined && !isLoading) return null;
  return (
    <p className="linked-notice" role="status">
      {why ?? words().conversation.linking}
      {why !== undefined && (
        <button type="button" className="quiet" onClick={close}>
          {words().common.close}
        </button>
      )}
    </p>
  );
}

interface ToEndProps {
  readonly unread: boolean;
  readonly onPress: () => void;
  /** Forwards the wheel to the list, because the button covers the list. */
  readonly onWheel: (by: number) => void;
}

function ToEnd({ unread, onPress, onWheel }: ToEndProps) {
  return (
    <button type="button" className="to-end" onClick={onPress} onWheel={({ deltaY }) => onWheel(deltaY)}>
      <Icon name="down" size={16} />
      {unread ? words().conversation.newMessages : words().conversation.latest}
    </button>
  );
}
