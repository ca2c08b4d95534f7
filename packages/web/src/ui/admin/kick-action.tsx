import { ConfirmedAction, fieldText, ReasonField } from './confirmed-action.js';
import { useOperator } from './operator-context.js';

interface KickActionProps {
  readonly whom: { readonly userId: string } | { readonly channelId: number };
  readonly say: { readonly kick: string; readonly kickHint: string; readonly kicked: string };
}

/** Ends the streams of a user, or of everyone in a channel. */
export function KickAction({ whom, say }: KickActionProps) {
  const operator = useOperator();
  const kick = async (form: FormData) => {
    await operator.calls.kick({ ...whom, reason: fieldText(form, 'reason') });
    return say.kicked;
  };
  return (
    <ConfirmedAction label={say.kick} hint={say.kickHint} isDangerous act={kick}>
      <ReasonField />
    </ConfirmedAction>
  );
}
