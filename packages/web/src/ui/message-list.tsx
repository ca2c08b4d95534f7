import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef } from 'react';
import { type ConversationState, lastSeq } from '../state/conversation.js';
import { mayOf } from '../state/may.js';
import type { Row } from '../state/timeline.js';
import { useRoom } from './desk-context.js';
import { Icon } from './icon.js';
import type { Wish } from './intent.js';
import { MessageRow } from './message-row.js';
import { PlainRow } from './plain-row.js';
import { useEnd } from './use-end.js';

interface MessageListProps {
  readonly rows: readonly Row[];
  readonly state: ConversationState;
  readonly onWish: (wish: Wish) => void;
}

interface RowOfProps extends Omit<MessageListProps, 'rows'> {
  readonly row: Row | undefined;
  readonly isLast: boolean;
}

type Scroller = Virtualizer<HTMLDivElement, HTMLLIElement>;

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
export function MessageList({ rows, state, onWish }: MessageListProps) {
  const room = useRoom();
  const place = useRef<HTMLDivElement>(null);
  const scroller = useScroller(rows, place);
  const end = useEnd(place, [scroller.getTotalSize(), rows]);
  useOwn(rows, end.go);
  useReading(state, place, end.isNear);
  const seesStart = scroller.getVirtualItems()[0]?.index === 0;
  useEffect(() => {
    if (seesStart && state.hasOlder) room.older();
  }, [room, seesStart, state]);
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'End') end.go();
  };
  return (
    <div className="messages-place">
      <section
        ref={place}
        className="messages"
        aria-label="Messages"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
        tabIndex={0}
        onScroll={end.follow}
        onKeyDown={onKey}
      >
        <Drawn scroller={scroller} rows={rows} state={state} onWish={onWish} />
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

/** The rows that are seen, each where it belongs. */
function Drawn({ scroller, rows, state, onWish }: MessageListProps & { scroller: Scroller }) {
  return (
    <ol style={{ height: scroller.getTotalSize() }} onKeyDown={walk}>
      {scroller.getVirtualItems().map(({ key, index, start }) => (
        <li
          key={key}
          ref={scroller.measureElement}
          data-index={index}
          aria-setsize={rows.length}
          aria-posinset={index + 1}
          style={{ transform: `translateY(${start}px)` }}
        >
          <RowOf row={rows[index]} state={state} isLast={index === rows.length - 1} onWish={onWish} />
        </li>
      ))}
    </ol>
  );
}

/** What one says oneself is seen. */
function useOwn(rows: readonly Row[], goToEnd: () => void): void {
  const last = rows.at(-1);
  const awaited = last?.type === 'said' && last.outgoing !== undefined ? last.key : undefined;
  useLayoutEffect(() => {
    if (awaited !== undefined) goToEnd();
  }, [goToEnd, awaited]);
}

/** What is seen at the end of the list is read. */
function useReading(state: ConversationState, place: React.RefObject<HTMLElement | null>, isAtEnd: boolean): void {
  const room = useRoom();
  const last = lastSeq(state);
  useEffect(() => {
    const look = () => {
      if (!isAtEnd) return;
      room.atEnd();
      if (!document.hidden && last > 0 && place.current?.checkVisibility()) room.read();
    };
    look();
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [room, place, isAtEnd, last]);
}

function RowOf({ row, state, isLast, onWish }: RowOfProps) {
  if (row === undefined) return null;
  if (row.type !== 'said') return <PlainRow row={row} names={state.names} />;
  const { lines, names, me } = state;
  return <MessageRow {...{ row, lines, names, me, isLast, onWish }} may={mayOf(state)} />;
}

interface ToEndProps {
  readonly unread: boolean;
  readonly onPress: () => void;
  /** It lies over the list, and is not in its way. */
  readonly onWheel: (by: number) => void;
}

function ToEnd({ unread, onPress, onWheel }: ToEndProps) {
  return (
    <button type="button" className="to-end" onClick={onPress} onWheel={({ deltaY }) => onWheel(deltaY)}>
      <Icon name="down" size={16} />
      {unread ? 'New messages' : 'Jump to latest'}
    </button>
  );
}
