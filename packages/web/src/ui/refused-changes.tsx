import type { ConversationState } from '../state/conversation.js';
import { mayOf } from '../state/may.js';
import type { Outgoing } from '../state/outgoing.js';
import { useRoom } from './desk-context.js';
import { Icon } from './icon.js';
import { Name } from './text.js';
import { sentence } from './use-action.js';

const words: Readonly<Record<Outgoing['do'], string>> = {
  say: 'The message was not sent',
  edit: 'The edit was not saved',
  delete: 'The message was not deleted',
  react: 'The reaction was not added',
  unreact: 'The reaction was not removed',
};

/** Changes that the server did not take; messages that it did not take stand in the list. */
export function RefusedChanges({ state }: { state: ConversationState }) {
  const refused = state.outgoing.filter((one) => one.do !== 'say' && one.failed !== undefined);
  if (refused.length === 0) return null;
  return (
    <ul className="refused-changes" aria-label="Failed changes">
      {refused.map((change) => (
        <Refused key={change.id} change={change} mayRetry={mayOf(state).change} />
      ))}
    </ul>
  );
}

function Refused({ change, mayRetry }: { change: Outgoing; mayRetry: boolean }) {
  const room = useRoom();
  return (
    <li className="failed" role="alert">
      <Icon name="alert" size={16} />
      <span>
        {words[change.do]}. {sentence(change.failed ?? '')}
        {change.text !== '' && (
          <>
            {' '}
            <Name of={`“${change.text.slice(0, 200)}”`} />
          </>
        )}
      </span>
      {mayRetry && (
        <button type="button" className="link" onClick={() => room.retry(change.id)}>
          Try again
        </button>
      )}
      <button type="button" className="link" onClick={() => room.discard(change.id)}>
        Discard
      </button>
    </li>
  );
}
