import type { SaidLine } from '../state/lines.js';
import { type Names, nameOf } from '../state/names.js';
import { Icon } from './icon.js';
import type { Intent } from './intent.js';
import { Name } from './text.js';

interface IntentLineProps {
  readonly intent: Intent;
  readonly names: Names;
  readonly onCancel: () => void;
  /** Called to turn the text into a new message. */
  readonly onNew: () => void;
}

/** Shows whether the composer holds a reply or an edit, and to which message. */
export function IntentLine({ intent, names, onCancel, onNew }: IntentLineProps) {
  if (intent.do === 'say') return null;
  if (intent.do === 'gone') return <GoneLine was={intent.was} onCancel={onCancel} onNew={onNew} />;
  const { do: what, line } = intent;
  return (
    <p className="intent">
      <Icon name={what} size={16} />
      <span>
        <About what={what} line={line} names={names} /> <Name of={(line.text ?? '').slice(0, 120)} />
      </span>
      <button type="button" className="icon-button small" aria-label="Cancel" onClick={onCancel}>
        <Icon name="close" size={16} />
      </button>
    </p>
  );
}

function About({ what, line, names }: { what: 'reply' | 'edit'; line: SaidLine; names: Names }) {
  if (what === 'edit') return 'Editing:';
  return <Name of={`Reply to ${nameOf(names, line.sender)}:`} title={line.sender} />;
}

const goneWords = {
  reply: 'The message you are replying to no longer exists. Your text is kept.',
  edit: 'The message you are editing no longer exists. Your text is kept.',
};

function GoneLine({ was, onCancel, onNew }: { was: 'reply' | 'edit'; onCancel: () => void; onNew: () => void }) {
  return (
    <div className="intent gone-target" role="alert">
      <Icon name="alert" size={16} />
      <span>{goneWords[was]}</span>
      <button type="button" className="link" onClick={onNew}>
        Make it a new message
      </button>
      {was === 'edit' && (
        <button type="button" className="link" onClick={onCancel}>
          Discard text
        </button>
      )}
    </div>
  );
}
