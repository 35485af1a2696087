import { z } from 'zod';
import type { EndpointId } from '../core/ids';
import { operation } from '../http/operation';
import { pageOf } from '../http/shown';
import {
  createEndpointBody,
  enabledView,
  endpointPath,
  endpointView,
  endpointWithSecretView,
  listQuery,
  merchantPath,
  pingView,
  resendFailedBody,
  resentView,
  rotateSecretBody,
  updateEndpointBody,
} from './endpoint-schemas';

const EXAMPLE_BODY = { url: 'https://shop.example/quittance', event_types: ['order.paid'] };

type Noun = 'Endpoint' | 'MerchantEndpoint';
type One<Mount> = Mount & { endpoint_id: EndpointId };

/**
 * The same operations twice: a merchant manages its own endpoints, and the operator those of any merchant.
 * @param noun how their ids name what they are about
 * @param mount what the path before them names, and with `one` an endpoint besides
 */
function endpointOperations<Mount extends object>(noun: Noun, mount: z.ZodType<Mount>, one: z.ZodType<One<Mount>>) {
  return { ...keeping(noun, mount, one), ...acting(noun, one) };
}

/** To create, read and change them. */
function keeping<Mount extends object>(noun: Noun, mount: z.ZodType<Mount>, one: z.ZodType<One<Mount>>) {
  const named = (verb: string, what = ''): string => `${verb}${noun}${what}`;
  return {
    create: operation({
      id: named('create'),
      method: 'post',
      path: '/',
      summary: 'Create an endpoint',
      description: 'Its secret, which signs what is sent there as Standard Webhooks, is shown in this answer only.',
      params: mount,
      body: createEndpointBody,
      answer: { status: 201, description: 'The endpoint and its secret', schema: endpointWithSecretView },
      problems: ['invalid_request', 'not_found', 'too_many_endpoints'],
      example: { body: EXAMPLE_BODY },
    }),
    list: operation({
      id: named('list', 's'),
      method: 'get',
      path: '/',
      summary: 'List endpoints, oldest first',
      params: mount,
      query: listQuery,
      answer: { status: 200, description: 'A page of endpoints', schema: pageOf(endpointView) },
      problems: ['invalid_request', 'invalid_cursor'],
    }),
    get: operation({
      id: named('get'),
      method: 'get',
      path: '/:endpoint_id',
      summary: 'Read an endpoint: whether it works, since when it fails, and why it was disabled',
      params: one,
      answer: { status: 200, description: 'The endpoint', schema: endpointView },
      problems: ['invalid_request', 'not_found'],
    }),
    update: operation({
      id: named('update'),
      method: 'post',
      path: '/:endpoint_id',
      summary: 'Change the URL, events, schedule or success rule of an endpoint',
      description:
        'Fields that are left out stay as they are. Another URL holds for what is scheduled, too; another schedule for ' +
        'what is announced or resent from now on.',
      params: one,
      body: updateEndpointBody,
      answer: { status: 200, description: 'The endpoint', schema: endpointView },
      problems: ['invalid_request', 'not_found'],
      example: { body: EXAMPLE_BODY },
    }),
  };
}

/** To do something with one of them. */
function acting<Mount extends object>(noun: Noun, one: z.ZodType<One<Mount>>) {
  const named = (verb: string, what = ''): string => `${verb}${noun}${what}`;
  return {
    disable: operation({
      id: named('disable'),
      method: 'post',
      path: '/:endpoint_id/disable',
      summary: 'Disable an endpoint',
      description: 'What is still scheduled for it ends as `endpoint_disabled`.',
      params: one,
      answer: { status: 200, description: 'The endpoint', schema: endpointView },
      problems: ['invalid_request', 'not_found'],
    }),
    enable: operation({
      id: named('enable'),
      method: 'post',
      path: '/:endpoint_id/enable',
      summary: 'Enable an endpoint again',
      description:
        'What its disabling has ended within the last 30 days is resent, 50 a second and at most 5,000 at once; where ' +
        '`remaining` is true, resend what has failed since the time it was disabled.',
      params: one,
      answer: { status: 200, description: 'The endpoint, and what is resent', schema: enabledView },
      problems: ['invalid_request', 'not_found'],
    }),
    rotateSecret: operation({
      id: named('rotate', 'Secret'),
      method: 'post',
      path: '/:endpoint_id/rotate-secret',
      summary: 'Give an endpoint a new secret',
      description:
        'During the overlap every request carries both signatures, so that no notification is refused meanwhile.',
      params: one,
      body: rotateSecretBody,
      answer: { status: 200, description: 'The endpoint and its new secret', schema: endpointWithSecretView },
      problems: ['invalid_request', 'not_found'],
      example: { body: { overlap_seconds: 86_400 } },
    }),
    ping: operation({
      id: named('ping'),
      method: 'post',
      path: '/:endpoint_id/ping',
      summary: 'Send a signed test message now',
      description: 'A `quittance.ping` of no order. It is sent once, also to a disabled endpoint, and is not recorded.',
      params: one,
      answer: { status: 200, description: 'What happened', schema: pingView },
      problems: ['invalid_request', 'not_found', 'overloaded'],
    }),
    resend: operation({
      id: named('resendFailedOf'),
      method: 'post',
      path: '/:endpoint_id/resend',
      summary: 'Resend everything that has failed since a time',
      description:
        'Each keeps its id and body, so that the receiver can tell a repeat, and follows the schedule anew. 50 become due ' +
        'a second; a call takes at most 5,000.',
      params: one,
      body: resendFailedBody,
      answer: { status: 200, description: 'How many are resent', schema: resentView },
      problems: ['invalid_request', 'not_found', 'endpoint_disabled'],
      example: { body: { failed_since: '2026-11-20T00:00:00Z' } },
    }),
  };
}

export const merchantsOwn = endpointOperations<object>('Endpoint', z.object({}), endpointPath);
export const operators = endpointOperations('MerchantEndpoint', merchantPath, merchantPath.extend(endpointPath.shape));
export type EndpointOperations<Mount extends object> = ReturnType<typeof endpointOperations<Mount>>;
