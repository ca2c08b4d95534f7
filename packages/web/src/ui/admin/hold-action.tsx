import { adminWords } from '../../words/admin.js';
import { ConfirmedAction, fieldText, ReasonField } from './confirmed-action.js';
import { useOperator } from './operator-context.js';

/** Sets a legal hold on a user or a channel. */
export function HoldAction({ on }: { on: { readonly userId: string } | { readonly channelId: number } }) {
  const operator = useOperator();
  const say = adminWords().holds;
  const set = async (form: FormData) => {
    const { id } = await operator.calls.setHold({ ...on, reason: fieldText(form, 'reason') });
    return say.stands(id);
  };
  return (
    <ConfirmedAction label={say.set} hint={say.setHint} act={set}>
      <ReasonField isRequired />
    </ConfirmedAction>
  );
}
