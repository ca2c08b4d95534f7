import { memo, type ReactNode } from 'react';
import { type Piece, piecesOf, plainLine } from '../state/text.js';

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
 * The text of a message. HTML in it stays text, and right-to-left text cannot affect what surrounds
 * it.
 */
export function Text({ text, children }: { text: string; children?: ReactNode }) {
  return (
    <div className="text" dir="auto">
      <span>
        <Pieces of={text} />
      </span>
      {children}
    </div>
  );
}

const Pieces = memo(function Pieces({ of }: { of: string }) {
  return piecesOf(of).map((piece, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no id and no state
    <PieceOf key={index} piece={piece} />
  ));
});

/** The name of a user, with the id as tooltip, or of a room. */
export function Name({ of, title }: { of: string; title?: string }) {
  return <bdi title={title}>{plainLine(of) || '(no name)'}</bdi>;
}
