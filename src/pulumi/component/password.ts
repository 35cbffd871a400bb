import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { metadata, type Scope } from "./scope";

/**
 * The Secret with the password: one that is there, or one that is made with the password that is given or a random one.
 * `made` is its name, not known before the Secret is there.
 */
export function password(scope: Scope) {
	const { cluster, component, args, opts } = scope;
	if (args.passwordSecret !== undefined) {
		const name = pulumi.output(args.passwordSecret.name);
		return { name, made: name, key: args.passwordSecret.key, secret: undefined };
	}

	// Another generation is another resource, and the old Secret stays until the roll that takes the new one is done.
	const { passwordGeneration: generation = 1 } = args;
	const suffix = generation === 1 ? "-password" : `-password-${generation}`;
	// Not protected with the component: the next generation replaces both, and the engine would refuse to delete them.
	const protect = false;
	const value =
		args.password ??
		new random.RandomPassword(component + suffix, { length: 32, special: false }, { parent: opts.parent, protect })
			.result;
	const secret = new kubernetes.core.v1.Secret(
		component + suffix,
		{
			metadata: metadata(scope, cluster + suffix),
			type: "Opaque",
			stringData: { password: pulumi.secret(value) },
			// Servers read it when they start: a change in place would lock out everybody who reads it later.
			immutable: true,
		},
		{ ...opts, protect, ignoreChanges: ["stringData"] },
	);
	return { name: secret.metadata.name, made: nameFromId(secret), key: undefined, secret };
}

/** The name of an object that is not known before the object is there: what needs the object to be judged waits for it. */
export function nameFromId(object: pulumi.CustomResource): pulumi.Output<string> {
	return object.id.apply((id) => id.slice(id.lastIndexOf("/") + 1));
}
