import { createContext, useContext } from 'react';
import type { Operator } from '../../live/operator.js';

/** Provides the calls of the operator who is signed in. */
export const OperatorContext = createContext<Operator | undefined>(undefined);

/** Returns the calls of the operator who is signed in. */
export function useOperator(): Operator {
  const operator = useContext(OperatorContext);
  if (operator === undefined) throw new Error('Nobody is signed in.');
  return operator;
}
