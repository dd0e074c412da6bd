import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';

const CUSTOMERS = ['ann', 'bob'];

/** Lets the parcels of customers pass. What it turns down is a dead letter at once. */
@Injectable()
export class SenderGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    // Guards come before pipes: nobody has looked at the data yet.
    const { sender } = Object(context.getArgByIndex(0)) as { sender?: unknown };
    if (typeof sender === 'string' && CUSTOMERS.includes(sender)) return true;
    throw new UnauthorizedException(`${String(sender)} is no customer`);
  }
}
