import { textFor, words } from '../words/words.js';
import { isOver, type Link } from './link.js';
import { refusalWords } from './refusal-words.js';

/** The connection status as text for the user. */
export interface LinkWords {
  readonly tone: 'good' | 'busy' | 'bad';
  readonly words: string;
  /**
   * The text without the countdown. Screen readers get this one, because they would read out a
   * countdown each second.
   */
  readonly steady: string;
  /** Label of the button, if there is something that the user can do. */
  readonly again: string | undefined;
}

/** Returns the reason why the connection ended, as sentences. */
export function endingWords({ reason, message, untilMs }: Extract<Link, { state: 'ended' }>): string {
  if (untilMs !== undefined) return message;
  return textFor(words().endings, reason) ?? refusalWords({ reason, message });
}

function waitingWords(reason: string, inMs: number, isOnline: boolean): Pick<LinkWords, 'words' | 'steady'> {
  const { rooms, waits } = words();
  const seconds = Math.ceil(inMs / 1_000);
  const isFull = reason === 'channel-full';
  const steady = isOnline ? (textFor(waits, reason) ?? rooms.lost) : rooms.offline;
  if (seconds <= 0) return { steady, words: (isFull ? rooms.entering : rooms.reconnecting)(steady) };
  return { steady, words: (isFull ? rooms.enteringIn : rooms.reconnectingIn)(steady, seconds) };
}

function status(tone: LinkWords['tone'], text: string, again?: string): LinkWords {
  return { tone, words: text, steady: text, again };
}

/** Returns the status text of a link. `nowMs` is Unix ms. */
export function linkWords(link: Link, nowMs: number, isOnline = true): LinkWords {
  const { live, connecting, catchingUp, tryNow, rejoin } = words().rooms;
  switch (link.state) {
    case 'live':
      return status('good', live);
    case 'connecting':
      return status('busy', connecting);
    case 'catching-up':
      return status('busy', catchingUp);
    case 'waiting':
      return { tone: 'bad', ...waitingWords(link.reason, link.untilMs - nowMs, isOnline), again: tryNow };
    case 'ended':
      return status('bad', endingWords(link), isOver(link) && nowMs < (link.untilMs ?? Infinity) ? undefined : rejoin);
  }
}
