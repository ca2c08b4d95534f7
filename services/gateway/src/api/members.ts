import { ChannelService, ListMembersRequest, MemberRole, type User } from '@parley/contract';
import type { ServiceCalls } from './service-calls.js';

const pageSize = 100;

/**
 * Returns the members of a channel, page by page until there are at least `most`.
 * @throws {Refusal} of the manager
 */
export async function membersOf(
  calls: Pick<ServiceCalls, 'managers'>,
  channelId: number,
  most: number,
): Promise<User[]> {
  const members: User[] = [];
  for (let after = '', isFirst = true; isFirst || after !== ''; isFirst = false) {
    const request = ListMembersRequest.fromPartial({ channelId, page: { size: pageSize, after } });
    const { users, next } = await calls.managers(ChannelService.listMembers, request);
    members.push(...users.filter(({ memberRole }) => memberRole !== MemberRole.UNSPECIFIED));
    after = members.length < most ? next : '';
  }
  return members;
}
