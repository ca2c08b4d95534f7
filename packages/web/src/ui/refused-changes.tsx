import { allowedActions } from '../state/allowed-actions.js';
import type { ConversationState } from '../state/conversation-state.js';
import type { Outgoing } from '../state/outgoing.js';
import { excerpt } from '../state/text.js';
import { words } from '../words/words.js';
import { Icon } from './icon.js';
import { Name } from './text.js';
import { TryAgain } from './try-again.js';
import { sentence } from './use-action.js';
import { useOpenConversation } from './workspace-context.js';

/** Changes that the server rejected. Rejected new messages stay in the message list. */
export function RefusedChanges({ state }: { state: ConversationState }) {
  const refused = state.outgoing.filter((one) => one.do !== 'say' && one.failed !== undefined);
  if (refused.length === 0) return null;
  return (
    <ul className="refused-changes" aria-label={words().conversation.failedChanges}>
      {refused.map((change) => (
        <RefusedChange key={change.id} change={change} mayRetry={allowedActions(state).change} />
      ))}
    </ul>
  );
}

function RefusedChange({ change, mayRetry }: { change: Outgoing; mayRetry: boolean }) {
  const conversation = useOpenConversation();
  return (
    <li className="failed" role="alert">
      <Icon name="alert" size={16} />
      <span>
        {words().conversation[change.do]}. {sentence(change.failed ?? '')}
        {change.text !== '' && (
          <>
            {' '}
            <Name of={words().conversation.quoted(excerpt(change.text, 200))} />
          </>
        )}
      </span>
      {mayRetry && <TryAgain onClick={() => conversation.retry(change.id)} />}
      <button type="button" className="link" onClick={() => conversation.discard(change.id)}>
        {words().common.discard}
      </button>
    </li>
  );
}
