import { ERRORS, isKubernautError, KubernautError } from '../domain/errors.js';

/**
 * What fails once a request was found good is our trouble, whatever its name is: a 4xx would tell the sender that its signal
 * can never be taken, and it would be lost.
 */
export async function ours<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isKubernautError(error) && ERRORS[error.code].status === 503) throw error;
    throw new KubernautError('Internal', 'something went wrong on our side; look for the request id in the log of the gateway', error);
  }
}
