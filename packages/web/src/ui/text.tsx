import { memo, type ReactNode, useState } from 'react';
import { blocksOf } from '../state/markdown.js';
import { plainLine, startOf } from '../state/text.js';
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

/**
 * A text of any length. The end of a very long one is hidden until the reader asks for it, because
 * it would delay the page.
 */
function Folded({ text }: { text: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const start = startOf(text);
  if (start === text) return <Formatted text={text} />;
  return (
    <>
      <Formatted text={isOpen ? text : start} />
      {!isOpen && '… '}
      <button type="button" className="show-all" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
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
