import { memo, type ReactNode, useEffect, useState } from 'react';
import { blocksOf } from '../state/markdown.js';
import { plainLine, shortenedTo, startOf } from '../state/text.js';
import { words } from '../words/words.js';
import { Blocks } from './formatted.js';

/**
 * The text of a message with its formats. Shows HTML as plain text, and keeps right-to-left text from affecting its
 * surroundings.
 */
export function Text({ text, children }: { text: string; children?: ReactNode }) {
  return (
    <div className="text" dir="auto">
      <Folded text={text} />
      {children}
    </div>
  );
}

/** Number of characters by which an open text grows at once. */
const growth = 2_000;

/**
 * A text of any length. The end of a very long one is hidden until the reader asks for it, because
 * it would delay the page. It then appears part by part, so that no part delays the page for long.
 */
function Folded({ text }: { text: string }) {
  const [shown, setShown] = useState<number>();
  useEffect(() => {
    if (shown === undefined || shown >= text.length) return;
    const timer = setTimeout(() => setShown(shown + growth));
    return () => clearTimeout(timer);
  }, [shown, text]);
  const start = startOf(text);
  if (start === text) return <Formatted text={text} />;
  const isOpen = shown !== undefined;
  return (
    <>
      <Formatted text={isOpen ? shortenedTo(text, shown) : start} />
      {!isOpen && '… '}
      <button
        type="button"
        className="show-all"
        aria-expanded={isOpen}
        onClick={() => setShown(isOpen ? undefined : start.length + growth)}
      >
        {isOpen ? words().conversation.showLess : words().conversation.showAll(text.length)}
      </button>
    </>
  );
}

const Formatted = memo(function Formatted({ text }: { text: string }) {
  return <Blocks of={blocksOf(text)} />;
});

/** The name of a room, or of a user, with the id as tooltip. */
export function Name({ of, title }: { of: string; title?: string }) {
  return <bdi title={title}>{plainLine(of) || words().common.noName}</bdi>;
}
