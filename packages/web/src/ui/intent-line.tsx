import type { SaidLine } from '../state/lines.js';
import { plainStart } from '../state/markdown.js';
import { textOrFiles } from '../state/message-words.js';
import { type Names, nameOf } from '../state/names.js';
import { words } from '../words/words.js';
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
        <About what={what} line={line} names={names} /> <Name of={plainStart(textOrFiles(line) ?? '', 120)} />
      </span>
      <button type="button" className="icon-button small" aria-label={words().common.cancel} onClick={onCancel}>
        <Icon name="close" size={16} />
      </button>
    </p>
  );
}

function About({ what, line, names }: { what: 'reply' | 'edit'; line: SaidLine; names: Names }) {
  if (what === 'edit') return words().conversation.editing;
  return <Name of={words().conversation.replyTo(nameOf(names, line.sender))} title={line.sender} />;
}

function GoneLine({ was, onCancel, onNew }: { was: 'reply' | 'edit'; onCancel: () => void; onNew: () => void }) {
  const say = words().conversation;
  return (
    <div className="intent gone-target" role="alert">
      <Icon name="alert" size={16} />
      <span>{was === 'reply' ? say.replyGone : say.editGone}</span>
      <button type="button" className="link" onClick={onNew}>
        {say.asNew}
      </button>
      {was === 'edit' && (
        <button type="button" className="link" onClick={onCancel}>
          {say.discardText}
        </button>
      )}
    </div>
  );
}
