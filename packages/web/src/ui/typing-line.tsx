import type { Typist } from '../state/conversation-state.js';
import type { Names } from '../state/names.js';
import { plainLine } from '../state/text.js';
import { typingWords } from '../state/typing-words.js';
import { useNow } from './hooks.js';

/** The typing indicator. */
export function TypingLine({ typing, names }: { typing: readonly Typist[]; names: Names }) {
  const now = useNow(typing.length > 0);
  const typists = plainLine(typingWords(typing, names, now));
  return (
    <p className="typing">
      {typists !== '' && (
        <>
          <span className="typing-dots" aria-hidden="true" />
          <bdi>{typists}</bdi>
        </>
      )}
    </p>
  );
}
