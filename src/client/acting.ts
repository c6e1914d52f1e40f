/**
 * The engine's face while it acts as the owner of the host's files: so it does during each
 * call, and whoever calls, asks a person or goes through a list is root meanwhile.
 */
import type { Conversation } from "../contracts/conversation.ts";
import type { Countersign } from "../contracts/service.ts";
import type { Scope } from "../settings/scope.ts";
import { actAsOwner, mayNeedTo } from "./owner.ts";

type Method = (...args: unknown[]) => Promise<unknown> | AsyncIterable<unknown>;

export function actingAsOwner(service: Countersign, scope: Scope): Countersign {
  if (!mayNeedTo(scope)) return service;
  const methods = Object.entries(service).map(([name, method]) => [name, acting(method, scope)]);
  return Object.fromEntries(methods);
}

function acting(method: Method, scope: Scope): Method {
  return (...args) => {
    let release = actAsOwner(scope);
    const aside = async <T>(work: () => Promise<T>): Promise<T> => {
      release();
      try {
        return await work();
      } finally {
        release = actAsOwner(scope);
      }
    };
    let result: Promise<unknown> | AsyncIterable<unknown>;
    try {
      result = method(...args.map((each) => (isConversation(each) ? spoken(each, aside) : each)));
    } catch (error) {
      release();
      throw error;
    }
    if (result instanceof Promise) return result.finally(() => release());
    release();
    return stepwise(result, scope);
  };
}

/** Each element is looked for as the owner, and used as the caller. */
async function* stepwise(list: AsyncIterable<unknown>, scope: Scope): AsyncGenerator {
  const steps = list[Symbol.asyncIterator]();
  try {
    for (;;) {
      const release = actAsOwner(scope);
      const step = await steps.next().finally(release);
      if (step.done) return;
      yield step.value;
    }
  } finally {
    const release = actAsOwner(scope);
    await Promise.resolve(steps.return?.()).finally(release);
  }
}

function isConversation(argument: unknown): argument is Conversation {
  return typeof argument === "object" && argument !== null && "promptSecret" in argument;
}

function spoken(
  conversation: Conversation,
  aside: <T>(work: () => Promise<T>) => Promise<T>,
): Conversation {
  return {
    prompt: (text) => aside(() => conversation.prompt(text)),
    promptSecret: (text) => aside(() => conversation.promptSecret(text)),
    info: (text) => aside(() => conversation.info(text)),
    error: (text) => aside(() => conversation.error(text)),
    open: (url) => aside(() => conversation.open(url)),
    // What is waited for is the engine's own work.
    waiting: (work) => conversation.waiting(work),
  };
}
