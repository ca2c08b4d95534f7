import { type User, UserRole, UserStatus } from '@parley/client';
import { adminWords } from '../../words/admin.js';
import { StateBadge } from './state-badge.js';

export function RoleBadge({ of: { role, bot } }: { of: User }) {
  const { roles, bot: botWord } = adminWords().people;
  if (bot) return <StateBadge tone="plain">{botWord}</StateBadge>;
  if (role === UserRole.ADMIN) return <StateBadge tone="warn">{roles.operator}</StateBadge>;
  return <StateBadge tone="plain">{role === UserRole.GUEST ? roles.guest : roles.user}</StateBadge>;
}

export function StatusBadge({ of: { status } }: { of: User }) {
  const { statuses } = adminWords().people;
  if (status === UserStatus.DELETED) return <StateBadge tone="plain">{statuses.deleted}</StateBadge>;
  if (status === UserStatus.SUSPENDED) return <StateBadge tone="bad">{statuses.suspended}</StateBadge>;
  return <StateBadge tone="good">{statuses.active}</StateBadge>;
}
