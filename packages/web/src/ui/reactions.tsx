import type { SaidLine } from '../state/lines.js';
import { type Names, nameOf } from '../state/names.js';
import { plainLine } from '../state/text.js';
import { words } from '../words/words.js';
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
    <ul className="reactions" aria-label={words().conversation.reactions}>
      {line.reactions.map(({ emoji, userIds, count }) => {
        const isMine = userIds.includes(me);
        const named = userIds.map((id) => plainLine(nameOf(names, id))).join(', ');
        const who = count > userIds.length ? words().conversation.andMore(named, count - userIds.length) : named;
        const toggle = () => conversation.change(isMine ? 'unreact' : 'react', line.seq, emoji);
        return (
          <li key={emoji}>
            <button type="button" aria-pressed={isMine} title={who} disabled={!mayAct} onClick={toggle}>
              <bdi>{plainLine(emoji)}</bdi> <span>{count}</span>
              <span className="unseen">{words().conversation.by(who)}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
