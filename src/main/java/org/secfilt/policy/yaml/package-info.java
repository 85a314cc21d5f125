/**
 * Policies in YAML, read into {@link org.secfilt.policy.PolicyPart}s, with line and column in every complaint.
 *
 * <p>The text goes through three hands: {@code YamlReader} makes a tree of nodes that know their places (Jackson's
 * streaming parser, no data binding: start-up time counts), {@code PolicySchema} and {@code RuleSchema} read the tree,
 * {@code PolicyFiles} follows the includes. Each goes on after a fault, so that a user sees all faults of a file at once.
 *
 * <p>A policy is a small part of YAML 1.1: one document, mappings with plain keys, lists, scalars. Anchors, aliases and
 * tags are refused: they serve no policy, and a few of them can unfold into gigabytes.
 *
 * <p>The schema, version 1, stands in {@code policies/secfilt.schema.json}, a sentence for each key; README.md, "Policy
 * format", has one policy with all keys. A test holds that the schema takes what the reader takes.
 */
package org.secfilt.policy.yaml;
