import { type AccountChange, type User, UserRole, UserStatus } from '@parley/client';
import { dateTime } from '../../state/times.js';
import { adminWords } from '../../words/admin.js';
import { Dialog } from '../dialog.js';
import { ConfirmedAction } from './confirmed-action.js';
import { Facts } from './facts.js';
import { HoldAction } from './hold-action.js';
import { KickAction } from './kick-action.js';
import { useOperator } from './operator-context.js';
import { RoleBadge, StatusBadge } from './person-badges.js';
import { Shown } from './shown.js';

interface PersonProps {
  readonly user: User;
  /** Called with the account as it is after an action. */
  readonly onChanged: (user: User) => void;
}

/** An account, and what an operator can do with it. */
export function PersonDialog({ user, onChanged, onClose }: PersonProps & { onClose: () => void }) {
  return (
    <Dialog title={user.id} onClose={onClose}>
      <PersonFacts user={user} />
      {user.status !== UserStatus.DELETED && <PersonActions {...{ user, onChanged }} />}
    </Dialog>
  );
}

function PersonFacts({ user }: { user: User }) {
  const { people: say, name, never } = adminWords();
  return (
    <Facts
      of={[
        [name, <Shown key="name" text={user.name} />],
        [say.role, <RoleBadge key="role" of={user} />],
        [say.status, <StatusBadge key="status" of={user} />],
        [say.email, user.email === '' ? '' : <Email key="email" of={user} />],
        [say.number, user.number],
        [say.lastSeen, user.lastSeen === 0 ? never : dateTime(user.lastSeen)],
        [say.createdAt, dateTime(user.createdAt)],
      ]}
    />
  );
}

function Email({ of: { email, emailVerified } }: { of: User }) {
  return (
    <>
      <Shown text={email} />
      {emailVerified && ` (${adminWords().people.verified})`}
    </>
  );
}

function PersonActions({ user, onChanged }: PersonProps) {
  const operator = useOperator();
  const say = adminWords().people;
  const set = (change: Omit<AccountChange, 'id'>) => async () => {
    const { role, status, emailVerified } = await operator.calls.setUser({ id: user.id, ...change });
    onChanged({ ...user, role, status, emailVerified: change.emailVerified ?? emailVerified });
    return undefined;
  };
  const isPerson = !user.bot && user.role !== UserRole.GUEST;
  const { email } = user;
  return (
    <>
      <StatusAction user={user} set={set} />
      {isPerson && <RoleAction user={user} set={set} />}
      {email !== '' && !user.emailVerified && (
        <ConfirmedAction label={say.verify} hint={say.verifyHint} act={set({ email, emailVerified: true })} />
      )}
      {isPerson && <ResetAction user={user} />}
      <KickAction whom={{ userId: user.id }} say={say} />
      <HoldAction on={{ userId: user.id }} />
      <DeleteAction {...{ user, onChanged }} />
    </>
  );
}

interface SetProps {
  readonly user: User;
  readonly set: (change: Omit<AccountChange, 'id'>) => () => Promise<undefined>;
}

function StatusAction({ user, set }: SetProps) {
  const say = adminWords().people;
  if (user.status === UserStatus.SUSPENDED)
    return <ConfirmedAction key="on" label={say.activate} hint="" act={set({ status: UserStatus.ACTIVE })} />;
  const suspend = set({ status: UserStatus.SUSPENDED });
  return <ConfirmedAction key="off" label={say.suspend} hint={say.suspendHint} isDangerous act={suspend} />;
}

function RoleAction({ user, set }: SetProps) {
  const say = adminWords().people;
  if (user.role === UserRole.ADMIN) {
    const demote = set({ role: UserRole.USER });
    return <ConfirmedAction key="down" label={say.demote} hint={say.demoteHint} isDangerous act={demote} />;
  }
  const promote = set({ role: UserRole.ADMIN });
  return <ConfirmedAction key="up" label={say.promote} hint={say.promoteHint} isDangerous act={promote} />;
}

function ResetAction({ user }: { user: User }) {
  const operator = useOperator();
  const say = adminWords().people;
  const reset = async () => say.password(await operator.resetPassword(user.id));
  return <ConfirmedAction label={say.reset} hint={say.resetHint} isDangerous act={reset} />;
}

function DeleteAction({ user, onChanged }: PersonProps) {
  const operator = useOperator();
  const say = adminWords().people;
  const remove = async (form: FormData) => {
    await operator.calls.deleteUser(user.id, form.get('purge') !== null);
    onChanged({ ...user, status: UserStatus.DELETED });
    return say.removed;
  };
  return (
    <ConfirmedAction label={say.remove} hint={say.removeHint} isDangerous typed={user.id} act={remove}>
      <label className="check">
        <input type="checkbox" name="purge" /> {say.purge}
      </label>
    </ConfirmedAction>
  );
}
