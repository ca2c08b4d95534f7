import { memo, type ReactNode } from 'react';
import { type Piece, piecesOf, plainLine } from '../state/text.js';

function RoomsPart({ piece }: { piece: Piece }) {
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

/** What somebody said: always text, whatever is in it, and turned around at most within itself. */
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
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other name, and no state
    <RoomsPart key={index} piece={piece} />
  ));
});

/** Somebody's name, which has the id as its title, or a room's. */
export function Name({ of, title }: { of: string; title?: string }) {
  return <bdi title={title}>{plainLine(of) || '(no name)'}</bdi>;
}
