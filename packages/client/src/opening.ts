import { Resume, type Welcome } from '@parley/contract';
import type { Opening } from './core/bookmark.js';

const resumptions: Readonly<Record<Resume, Opening['resumption']>> = {
  [Resume.UNSPECIFIED]: 'new',
  [Resume.WHOLE]: 'whole',
  [Resume.GAP]: 'gap',
  [Resume.RESET]: 'reset',
};

/** What a welcome says about the log. */
export function openingOf({ log, lastSeq, resume, missingTo }: Welcome): Opening {
  return { place: { log, seq: lastSeq }, resumption: resumptions[resume] ?? 'reset', missingTo };
}
