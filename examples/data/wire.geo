// A round metal wire in a block of insulator, seen along the wire; lengths in nm.
// gmsh -2 -format msh41 -bin wire.geo
r = 6; a = 9;            // radius of the wire, half side of the block
surface = 0.33; core = 1; block = 3;   // sizes of triangles
Mesh.Algorithm = 6;
Point(1) = {0, 0, 0, core};
Point(2) = {r, 0, 0, surface}; Point(3) = {0, r, 0, surface}; Point(4) = {-r, 0, 0, surface}; Point(5) = {0, -r, 0, surface};
Point(6) = {a, -a, 0, block}; Point(7) = {a, a, 0, block}; Point(8) = {-a, a, 0, block}; Point(9) = {-a, -a, 0, block};
Circle(1) = {2, 1, 3}; Circle(2) = {3, 1, 4}; Circle(3) = {4, 1, 5}; Circle(4) = {5, 1, 2};
Line(5) = {6, 7}; Line(6) = {7, 8}; Line(7) = {8, 9}; Line(8) = {9, 6};
Curve Loop(1) = {1, 2, 3, 4}; Curve Loop(2) = {5, 6, 7, 8};
Plane Surface(1) = {1}; Plane Surface(2) = {2, 1};
Point{1} In Surface{1};
Physical Surface("Pt") = {1}; Physical Surface("YIG") = {2};
