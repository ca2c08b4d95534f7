import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { ConversationState } from '../state/conversation.js';
import { lastSeq } from '../state/conversation.js';
import { isOver } from '../state/link.js';
import type { Row } from '../state/timeline.js';
import { useRoom } from './desk-context.js';
import { Icon } from './icon.js';
import type { Intent } from './intent.js';
import { MessageRow } from './message-row.js';
import { PlainRow } from './plain-row.js';

interface MessageListProps {
  readonly rows: readonly Row[];
  readonly state: ConversationState;
  readonly onIntent: (intent: Intent) => void;
}

interface RowOfProps extends Omit<MessageListProps, 'rows'> {
  readonly row: Row | undefined;
  readonly isLast: boolean;
}

type Scroller = Virtualizer<HTMLDivElement, HTMLLIElement>;

const sizes: Readonly<Record<Row['type'], number>> = { start: 48, day: 48, unread: 32, anew: 48, note: 32, said: 56 };
const nearEnd = 80;

function useScroller(rows: readonly Row[], place: React.RefObject<HTMLDivElement | null>): Scroller {
  return useVirtualizer({
    count: rows.length,
    getScrollElement: () => place.current,
    getItemKey: (index) => rows[index]?.key ?? index,
    estimateSize: (index) => sizes[rows[index]?.type ?? 'said'],
    overscan: 8,
    anchorTo: 'end',
    followOnAppend: true,
    scrollEndThreshold: nearEnd,
  });
}

/** Arrows go from message to message. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const steps: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 };
  const step = steps[event.key];
  const { target } = event;
  if (step === undefined || !(target instanceof HTMLElement) || !target.matches('.message')) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('.message')];
  all[all.indexOf(target) + step]?.focus();
  event.preventDefault();
}

/** Everything that was said, of which only what is seen is drawn. */
export function MessageList({ rows, state, onIntent }: MessageListProps) {
  const room = useRoom();
  const place = useRef<HTMLDivElement>(null);
  const scroller = useScroller(rows, place);
  const [isAtEnd, setIsAtEnd] = useState(true);
  useEnd(scroller, rows, isAtEnd);
  useReading(state, isAtEnd);
  const items = scroller.getVirtualItems();
  const seesStart = (items[0]?.index ?? 1) === 0;
  useEffect(() => {
    if (seesStart && state.hasOlder) room.older();
  }, [room, seesStart, state]);
  const follow = () => setIsAtEnd(scroller.isAtEnd(nearEnd));
  return (
    <div className="messages-place">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
      <section ref={place} className="messages" aria-label="Messages" tabIndex={0} onScroll={follow}>
        <ol style={{ height: scroller.getTotalSize() }} onKeyDown={walk}>
          {items.map(({ key, index, start }) => (
            <li
              key={key}
              ref={scroller.measureElement}
              data-index={index}
              aria-setsize={rows.length}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start}px)` }}
            >
              <RowOf row={rows[index]} state={state} isLast={index === rows.length - 1} onIntent={onIntent} />
            </li>
          ))}
        </ol>
      </section>
      {!isAtEnd && <ToEnd unread={lastSeq(state) > state.readSeq} onPress={() => scroller.scrollToEnd()} />}
    </div>
  );
}

/** Begins at the end, and stays there, whatever comes above or below, until one looks elsewhere. */
function useEnd(scroller: Scroller, rows: readonly Row[], isAtEnd: boolean): void {
  const last = rows.at(-1);
  const awaited = last?.type === 'said' && last.outgoing !== undefined ? last.key : undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: who comes near the end is not drawn to it
  useLayoutEffect(() => {
    if (isAtEnd) scroller.scrollToEnd();
  }, [scroller, rows]);
  useLayoutEffect(() => {
    if (awaited !== undefined) scroller.scrollToEnd();
  }, [scroller, awaited]);
}

/** What is seen at the end of the list is read. */
function useReading(state: ConversationState, isAtEnd: boolean): void {
  const room = useRoom();
  const last = lastSeq(state);
  useEffect(() => {
    const look = () => {
      if (!isAtEnd) return;
      room.atEnd();
      if (!document.hidden && last > 0) room.read();
    };
    look();
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [room, isAtEnd, last]);
}

function RowOf({ row, state, isLast, onIntent }: RowOfProps) {
  if (row === undefined) return null;
  if (row.type !== 'said') return <PlainRow row={row} names={state.names} />;
  const { lines, names, me, link } = state;
  return <MessageRow {...{ row, lines, names, me, isLast, onIntent }} over={isOver(link)} />;
}

function ToEnd({ unread, onPress }: { unread: boolean; onPress: () => void }) {
  return (
    <button type="button" className="to-end" onClick={onPress}>
      <Icon name="down" size={16} />
      {unread ? 'New messages' : 'To the end'}
    </button>
  );
}
