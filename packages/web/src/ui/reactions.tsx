import type { SaidLine } from '../state/lines.js';
import { type Names, nameOf } from '../state/names.js';
import { plainLine } from '../state/text.js';
import { useOpenConversation } from './workspace-context.js';

interface ReactionsProps {
  readonly line: SaidLine;
  readonly names: Names;
  readonly me: string;
  readonly mayAct: boolean;
}

/** The reactions to a message. A click adds or removes the user's own. */
export function Reactions({ line, names, me, mayAct }: ReactionsProps) {
  const conversation = useOpenConversation();
  return (
    <ul className="reactions" aria-label="Reactions">
      {line.reactions.map(({ emoji, userIds, count }) => {
        const isMine = userIds.includes(me);
        const named = userIds.map((id) => plainLine(nameOf(names, id))).join(', ');
        const who = count > userIds.length ? `${named} and ${count - userIds.length} more` : named;
        const toggle = () => conversation.change(isMine ? 'unreact' : 'react', line.seq, emoji);
        return (
          <li key={emoji}>
            <button type="button" aria-pressed={isMine} title={who} disabled={!mayAct} onClick={toggle}>
              <bdi>{plainLine(emoji)}</bdi> <span>{count}</span>
              <span className="unseen"> by {who}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
