// The curve's types by short names, within this assembly.
global using SecpField =
    Homeostat.Primitives.Fields.Residue256<Homeostat.Primitives.Secp256k1Prime>;
global using SecpPoint = Homeostat.Primitives.Fields.AffinePoint<
    Homeostat.Primitives.Fields.Residue256<Homeostat.Primitives.Secp256k1Prime>,
    Homeostat.Primitives.Secp256k1Curve>;
global using SecpScalar =
    Homeostat.Primitives.Fields.Residue256<Homeostat.Primitives.Secp256k1Order>;
global using SecpSum = Homeostat.Primitives.Fields.JacobianPoint<
    Homeostat.Primitives.Fields.Residue256<Homeostat.Primitives.Secp256k1Prime>,
    Homeostat.Primitives.Secp256k1Curve>;
