import type { Virtualizer } from '@tanstack/react-virtual';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { type ConversationState, firstSeq } from '../state/conversation-state.js';
import type { Row } from '../state/timeline.js';
import { useOpenConversation } from './workspace-context.js';

export type Scroller = Virtualizer<HTMLDivElement, HTMLLIElement>;

/**
 * Returns a function that scrolls to the message with a seq, or undefined if that message is not
 * loaded.
 */
export type Jump = (seq: number) => (() => void) | undefined;

interface JumpOptions {
  readonly rows: readonly Row[];
  readonly state: ConversationState;
  readonly place: RefObject<HTMLElement | null>;
  readonly scroller: Scroller;
  /** Called before the list scrolls away from its end. */
  readonly onLeaveEnd: () => void;
}

/** Maximum number of lines that are loaded on the way to a message. */
const mostLoaded = 5_000;

function indexIn(rows: readonly Row[], seq: number): number {
  return rows.findIndex((row) => row.type === 'said' && row.line.seq === seq && !row.past);
}

/**
 * Returns a function that goes to a message: scrolls to it and focuses it. If the message is not
 * loaded yet, older pages are loaded first.
 */
export function useJump({ rows, state, place, scroller, onLeaveEnd }: JumpOptions): Jump {
  const [sought, setSought] = useState<number>();
  const index = sought === undefined ? -1 : indexIn(rows, sought);
  useOlderUntil(sought, index < 0, state, () => setSought(undefined));
  const focused = useRef<number>(undefined);
  useEffect(() => {
    if (index < 0) return;
    focused.current = index;
    onLeaveEnd();
    scroller.scrollToIndex(index, { align: 'center' });
    setSought(undefined);
  }, [index, onLeaveEnd, scroller]);
  useEffect(() => {
    const message = place.current?.querySelector<HTMLElement>(`[data-index="${focused.current}"] .message`);
    if (!message) return;
    message.focus({ preventScroll: true });
    focused.current = undefined;
  });
  return (seq) => {
    const isOlder = seq < firstSeq(state) && state.hasOlder && state.lines.length < mostLoaded;
    return isOlder || indexIn(rows, seq) >= 0 ? () => setSought(seq) : undefined;
  };
}

/** Loads older pages, one after the other, until a message is there. */
function useOlderUntil(seq: number | undefined, isMissing: boolean, state: ConversationState, onGiveUp: () => void) {
  const conversation = useOpenConversation();
  useEffect(() => {
    if (seq === undefined || !isMissing) return;
    const mayBeOlder = state.hasOlder && firstSeq(state) > seq && state.lines.length < mostLoaded;
    if (mayBeOlder) conversation.older();
    else onGiveUp();
  }, [conversation, seq, isMissing, state, onGiveUp]);
}
