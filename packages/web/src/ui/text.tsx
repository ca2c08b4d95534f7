import { memo, type ReactNode, useState } from 'react';
import { type Piece, piecesOf, plainLine, startOf } from '../state/text.js';

function PieceOf({ piece }: { piece: Piece }) {
  if (piece.type === 'text') return piece.text;
  if (piece.type === 'hidden') {
    return (
      <span className="hidden-character" title="Invisible character">
        {piece.text}
      </span>
    );
  }
  return (
    <a href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
      {piece.text}
    </a>
  );
}

/**
 * The text of a message. Shows HTML as plain text, and keeps right-to-left text from affecting its
 * surroundings.
 */
export function Text({ text, children }: { text: string; children?: ReactNode }) {
  return (
    <div className="text" dir="auto">
      <span>
        <Folded text={text} />
      </span>
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
  if (isOpen || start === text) return <Pieces of={text} />;
  return (
    <>
      <Pieces of={start} />…{' '}
      <button type="button" className="show-all" onClick={() => setIsOpen(true)}>
        Show all {text.length.toLocaleString()} characters
      </button>
    </>
  );
}

const Pieces = memo(function Pieces({ of }: { of: string }) {
  return piecesOf(of).map((piece, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no id and no state
    <PieceOf key={index} piece={piece} />
  ));
});

/** The name of a room, or of a user, with the id as tooltip. */
export function Name({ of, title }: { of: string; title?: string }) {
  return <bdi title={title}>{plainLine(of) || '(no name)'}</bdi>;
}
