"""Evaluates conditions and intrinsic functions of a CloudFormation template with known parameters and resources."""

import re

NOTHING = {"Ref": "AWS::NoValue"}


class Values:
    """A template with these parameters. `resource` returns the value of a reference to a resource."""

    def __init__(self, template, parameters, pseudo):
        self.template, self.pseudo = template, pseudo
        defaults = {name: one["Default"] for name, one in template.get("Parameters", {}).items() if "Default" in one}
        self.parameters = {**defaults, **parameters}

    def resource(self, name, attribute=None):
        raise KeyError(f"{name}.{attribute}" if attribute else name)

    def holds(self, condition):
        """Returns whether a condition, or the named one, is true; no condition is true."""
        if condition is None:
            return True
        if isinstance(condition, str):
            return self.holds(self.template["Conditions"][condition])
        ((function, arguments),) = condition.items()
        if function == "Condition":
            return self.holds(arguments)
        if function == "Fn::Equals":
            left, right = (str(self.value(one)) for one in arguments)
            return left == right
        combined = {"Fn::Not": lambda all: not all[0], "Fn::And": all, "Fn::Or": any}[function]
        return combined([self.holds(one) for one in arguments])

    def value(self, value):
        """Evaluates functions in `value`, and removes AWS::NoValue."""
        if isinstance(value, list):
            items = [self.chosen(one) for one in value]
            return [self.value(one) for one in items if one != NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self.function(function, argument)
        entries = {key: self.chosen(one) for key, one in value.items()}
        return {key: self.value(one) for key, one in entries.items() if one != NOTHING}

    def chosen(self, value):
        """Returns the selected branch of an Fn::If; other values unchanged."""
        while isinstance(value, dict) and "Fn::If" in value:
            condition, then, otherwise = value["Fn::If"]
            value = then if self.holds(condition) else otherwise
        return value

    def function(self, function, argument):
        if function == "Ref":
            return self.named(argument)
        if function == "Fn::GetAtt":
            return self.resource(*(argument.split(".", 1) if isinstance(argument, str) else argument))
        if function == "Fn::If":
            return self.value(self.chosen({function: argument}))
        if function == "Fn::Sub":
            return self.substituted(*(argument if isinstance(argument, list) else (argument, {})))
        if function == "Fn::Join":
            return argument[0].join(str(one) for one in self.listed(argument[1]))
        if function == "Fn::Split":
            return self.value(argument[1]).split(argument[0])
        if function == "Fn::Select":
            return self.listed(argument[1])[int(self.value(argument[0]))]
        if function == "Fn::FindInMap":
            first, second, third = (str(self.value(one)) for one in argument)
            return self.template["Mappings"][first][second][third]
        raise KeyError(function)

    def listed(self, value):
        """Returns a list. A list parameter's value is one text with commas."""
        found = self.value(value)
        return found.split(",") if isinstance(found, str) else found

    def substituted(self, text, variables):
        known = {name: self.value(one) for name, one in variables.items()}

        def of(found):
            resource, _, attribute = found[1].partition(".")
            return str(known[found[1]] if found[1] in known else self.resource(resource, attribute) if attribute else self.named(found[1]))

        return re.sub(r"\${([\w.:]+)}", of, text)

    def named(self, name):
        for known in (self.pseudo, self.parameters):
            if name in known:
                return known[name]
        return self.resource(name)
