import { createServer } from 'node:net';
import { adminPort, type ServicePlan } from './plan.js';

function probe(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function sentence(fault: string, port: number, { name, option }: ServicePlan): string {
  if (fault === 'EADDRINUSE') {
    return `Port ${port} for ${name} is taken: end what uses it, or choose another ${option}.`;
  }
  if (fault === 'EACCES') return `Port ${port} for ${name} is reserved to root: choose another ${option}.`;
  return `Port ${port} for ${name} cannot be used (${fault}): check PARLEY_HOST and ${option}.`;
}

async function faultOf(plan: ServicePlan, host: string): Promise<string | undefined> {
  for (const port of [plan.port, adminPort(plan)]) {
    const fault = await probe(port, host);
    if (fault !== undefined) return sentence(fault, port, plan);
  }
  return undefined;
}

/** Throws one sentence that names the first port that is not free. */
export async function checkFree(plans: readonly ServicePlan[], host: string): Promise<void> {
  const faults = await Promise.all(plans.map((plan) => faultOf(plan, host)));
  const fault = faults.find((one) => one !== undefined);
  if (fault !== undefined) throw new Error(fault);
}
