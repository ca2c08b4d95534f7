import type { SaidLine } from '../state/lines.js';
import { type Names, nameOf } from '../state/names.js';
import { plainLine } from '../state/text.js';
import { useRoom } from './desk-context.js';

interface ReactionsProps {
  readonly line: SaidLine;
  readonly names: Names;
  readonly me: string;
  readonly mayAct: boolean;
}

/** What people gave a message; a press gives or takes back one's own. */
export function Reactions({ line, names, me, mayAct }: ReactionsProps) {
  const room = useRoom();
  return (
    <ul className="reactions" aria-label="Reactions">
      {line.reactions.map(({ emoji, userIds }) => {
        const isMine = userIds.includes(me);
        const who = userIds.map((id) => plainLine(nameOf(names, id))).join(', ');
        const toggle = () => room.change(isMine ? 'unreact' : 'react', line.seq, emoji);
        return (
          <li key={emoji}>
            <button type="button" aria-pressed={isMine} title={who} disabled={!mayAct} onClick={toggle}>
              <bdi>{plainLine(emoji)}</bdi> <span>{userIds.length}</span>
              <span className="unseen"> by {who}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
