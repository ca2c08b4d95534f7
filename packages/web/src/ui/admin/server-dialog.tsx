import type { ChannelServer, Gateway } from '@parley/contract';
import { processState } from '../../state/admin.js';
import { adminWords } from '../../words/admin.js';
import { Dialog } from '../dialog.js';
import { ConfirmedAction } from './confirmed-action.js';
import { Facts } from './facts.js';
import { useOperator } from './operator-context.js';
import { ProcessBadge, type Reporting, reportedWords } from './process-columns.js';
import { Shown } from './shown.js';

/** A chat server, and its drain. `others` is the number of others that serve. */
export function ServerDialog({
  server,
  others,
  onClose,
}: {
  server: ChannelServer;
  others: number;
  onClose: () => void;
}) {
  const { servers: say, id, state } = adminWords();
  return (
    <Dialog title={server.name} onClose={onClose}>
      <Facts
        of={[
          [state, <ProcessBadge key="state" of={server} />],
          [say.reported, reportedWords(server.reportAgeMs)],
          [say.load, server.load.toFixed(2)],
          [say.channels, server.channelCount],
          [say.seats, server.seats],
          [say.address, <Shown key="addr" text={server.addr} />],
          [say.internal, <Shown key="internal" text={server.internalAddr} />],
          [id, <Shown key="id" text={server.id} />],
        ]}
      />
      <Drain of={server} hint={others === 0 ? say.drainLastServer : say.drainServer} />
    </Dialog>
  );
}

/** A gateway, and its drain. `others` is the number of others that serve. */
export function GatewayDialog({ gateway, others, onClose }: { gateway: Gateway; others: number; onClose: () => void }) {
  const { servers: say, id, state } = adminWords();
  return (
    <Dialog title={gateway.name} onClose={onClose}>
      <Facts
        of={[
          [state, <ProcessBadge key="state" of={gateway} />],
          [say.reported, reportedWords(gateway.reportAgeMs)],
          [say.inboxes, gateway.inboxes],
          [say.connections, gateway.connections],
          [say.version, <Shown key="version" text={gateway.version} />],
          [say.address, <Shown key="http" text={gateway.httpAddr} />],
          [say.grpc, <Shown key="grpc" text={gateway.grpcAddr} />],
          [id, <Shown key="id" text={gateway.id} />],
        ]}
      />
      <Drain of={gateway} hint={others === 0 ? say.drainLastGateway : say.drainGateway} />
    </Dialog>
  );
}

function Drain({ of, hint }: { of: Reporting; hint: string }) {
  const operator = useOperator();
  const say = adminWords().servers;
  const state = processState(of);
  const drain = async () => {
    await operator.calls.drain(of.id);
    return say.drained;
  };
  if (state === 'draining') return <p className="hint">{say.undo}</p>;
  return state === 'serving' ? <ConfirmedAction label={say.drain} hint={hint} isDangerous act={drain} /> : null;
}
