import { words } from '../words/words.js';
import { Avatar } from './avatar.js';
import { Name } from './text.js';
import type { Choice } from './use-completion.js';

interface CompletionListProps {
  readonly id: string;
  readonly choices: readonly Choice[];
  /** Index of the choice that Enter picks. */
  readonly chosen: number;
  readonly onPick: (choice: Choice) => void;
}

/** The commands, users or emoji that complete the word before the caret. */
export function CompletionList({ id, choices, chosen, onPick }: CompletionListProps) {
  if (choices.length === 0) return null;
  return (
    <div className="found completions" id={id} role="listbox" aria-label={words().conversation.suggestions}>
      {choices.map((choice, index) => (
        <button
          key={choice.key}
          id={`${id}-${index}`}
          type="button"
          role="option"
          aria-selected={index === chosen}
          tabIndex={-1}
          onPointerDown={(event) => event.preventDefault() /* The field keeps the focus. */}
          onClick={() => onPick(choice)}
        >
          <ChoiceWords choice={choice} />
        </button>
      ))}
    </div>
  );
}

function ChoiceWords({ choice }: { choice: Choice }) {
  if (choice.kind === 'emoji') {
    const [name = ''] = choice.emoji.names;
    return (
      <>
        <span className="emoji-sign" aria-hidden="true">
          {choice.emoji.emoji}
        </span>
        <span>:{name}:</span>
      </>
    );
  }
  if (choice.kind === 'command') {
    const { botId, botName, description } = choice.command;
    return (
      <>
        <Avatar id={botId} name={botName} small />
        <bdi>{choice.word}</bdi>
        <span className="hint">
          <Name of={botName} />: <Name of={description} />
        </span>
      </>
    );
  }
  const { id, name } = choice.person;
  return (
    <>
      <Avatar id={id} name={name} small />
      <Name of={name} />
      {name !== id && <span className="hint">@{id}</span>}
    </>
  );
}
