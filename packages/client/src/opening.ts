import { Resume, type Welcome } from '@parley/contract';
import type { StreamOpening } from './core/bookmark.js';

const resumptions: Readonly<Record<Resume, StreamOpening['resumption']>> = {
  [Resume.UNSPECIFIED]: 'new',
  [Resume.WHOLE]: 'whole',
  [Resume.GAP]: 'gap',
  [Resume.RESET]: 'reset',
};

/** Returns the state of the log that a welcome carries. */
export function openingOf({ log, lastSeq, resume, missingTo }: Welcome): StreamOpening {
  return { place: { log, seq: lastSeq }, resumption: resumptions[resume] ?? 'reset', missingTo };
}
