import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Operator, Role } from '../domain/settlement/settlement.js';
import type { ApiDeps } from './deps.js';
import type { ProblemCode } from './problems.js';
import type { Session } from './tokens.js';
import { parse } from './validation.js';

/** What a handler gets: who calls and the checked parts of the request. */
export interface Call<P = unknown, Q = unknown, B = unknown> {
  req: Request;
  res: Response;
  operator: Operator;
  /** null only where anyone may call */
  session: Session | null;
  params: P;
  query: Q;
  body: B;
}

export interface Answer {
  description: string;
  /** of a JSON body */
  schema?: z.ZodType;
  /** of another body, or of the ones that it may have */
  media?: string | readonly string[];
  /** names and descriptions of headers worth knowing */
  headers?: Record<string, string>;
}

/** A JSON body: the schema it is documented with, and how it is read (all findings in one problem). */
export interface JsonBody<B> {
  schema: z.ZodType;
  /** the call may come without one */
  optional?: true;
  /** largest body; that of a form when absent */
  limit?: string;
  read(raw: unknown, deps: ApiDeps): B | Promise<B>;
}

export function json<S extends z.ZodType>(schema: S, limit?: string): JsonBody<z.output<S>> {
  return { schema, read: (raw) => parse(schema, raw), ...(limit !== undefined && { limit }) };
}

/** One row of the table from which routing, authorisation and the OpenAPI document are made. */
export interface Route<P extends z.ZodType = z.ZodType, Q extends z.ZodType = z.ZodType, B = unknown> {
  method: 'get' | 'post' | 'delete';
  /** under the API's root, parameters in braces */
  path: string;
  tag: string;
  /** Persian, for the document */
  summary: string;
  /** `anyone`: without a token; `everyone`: any token */
  roles: readonly Role[] | 'anyone' | 'everyone';
  /** open to a session that must change its one-time password first */
  beforePasswordChange?: true;
  /** the Temporal UI's pages call it, from another origin and by the session's cookie */
  forTemporalUi?: true;
  /** `free`: never refused for their number; `signIn`: at the narrower pace of the doors */
  pace?: 'free' | 'signIn';
  /** of one caller one such call at a time */
  oneAtATime?: true;
  /** a browser is led here: what goes wrong is told on a page */
  forBrowsers?: true;
  params?: P;
  query?: Q;
  body?: JsonBody<B>;
  /** media type of a body that the handler reads as a stream */
  streams?: string;
  answers: Record<number, Answer>;
  /** beside those that every such route can give */
  problems?: readonly ProblemCode[];
  handle(call: Call<z.output<P>, z.output<Q>, B>, deps: ApiDeps): void | Promise<void>;
}

/** Keeps the types of a row's parts together while the table holds rows of all kinds. */
export function route<P extends z.ZodType, Q extends z.ZodType, B>(row: Route<P, Q, B>): Route {
  return row;
}
